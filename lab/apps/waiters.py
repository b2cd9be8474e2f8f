"""Many TCP connections in one ordinary program that knows nothing of Latchkey.

    waiters.py serve ADDRESS PORT...                    accepts on every port
    waiters.py connect ADDRESS PORT=FROM+COUNT...       connects COUNT times to PORT, from the ports FROM, FROM+1, ...

Every connection is served by one selector and is waiting to read all the time. Each client says one octet, which shows the
server that the connection works. One JSON object a line, with "at", milliseconds of CLOCK_MONOTONIC. "count" on standard
input asks for the connections that are open, and for those that failed: by the server's port, then by error.
"""
import errno
import json
import resource
import selectors
import socket
import sys
import time

chosen = selectors.DefaultSelector()
live, heard, failed = {}, {}, {}


def now():
    return time.monotonic_ns() / 1e6


def say(event, **facts):
    print(json.dumps({"event": event, "at": now(), **facts}), flush=True)


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def read(connection, port):
    try:
        data = connection.recv(100)
    except BlockingIOError:
        return
    except OSError as error:
        kind = failed.setdefault(port, {}).setdefault(errno.errorcode[error.errno], {"count": 0, "first": now()})
        kind["count"] += 1
        kind["last"] = now()
        data = b""
    if data:
        heard[port] = heard.get(port, 0) + len(data)
    else:
        live[port] -= 1
        chosen.unregister(connection)
        connection.close()


def keep(connection, port):
    connection.setblocking(False)
    live[port] = live.get(port, 0) + 1
    chosen.register(connection, selectors.EVENT_READ, lambda: read(connection, port))


def serve(address, ports):
    for port in map(int, ports):
        server = socket.socket(family(address), socket.SOCK_STREAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen(1024)
        chosen.register(server, selectors.EVENT_READ, lambda server=server, port=port: keep(server.accept()[0], port))
    say("listening")


def connect(address, plans):
    for plan in plans:
        port, sources = plan.split("=")
        first, count = map(int, sources.split("+"))
        for source in range(first, first + count):
            connection = socket.socket(family(address), socket.SOCK_STREAM)
            connection.bind(("::" if ":" in address else "0.0.0.0", source))
            connection.connect((address, int(port)))
            connection.send(b"x")
            keep(connection, int(port))
    say("connected")


def command():
    line = sys.stdin.readline()
    if not line:
        sys.exit()
    say("count", live=live, heard=heard, failed=failed)


resource.setrlimit(resource.RLIMIT_NOFILE, (4096, max(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
role, address, *rest = sys.argv[1:]
(serve if role == "serve" else connect)(address, rest)
chosen.register(sys.stdin, selectors.EVENT_READ, command)
while True:
    for key, _ in chosen.select():
        key.data()
