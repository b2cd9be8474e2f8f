"""A server with a say in its own connection: it asks the Latchkey daemon, as a user without any privilege.

    owner.py CONTROL-SOCKET ADDRESS PORT LISTENER-WISH CONNECTION-WISH

It becomes the user "nobody", listens, accepts one connection, and asks over the control socket: LISTENER-WISH (JSON, or -)
before it accepts, CONNECTION-WISH (JSON, or -) afterwards, and everything the daemon knows of the connection. It also
listens for events of its own connections. One JSON object a line: "event" and "at", milliseconds of CLOCK_MONOTONIC. An
"error" says whether the alert lay in the event stream already when the call failed. Commands come on standard input:

    send N          send N octets of its own pseudo-random stream
    count           say how many octets were sent and received, with the SHA-256 of each direction
    choose WISH     ask for something else
    spy FLOW        ask about a connection that may be somebody else's
"""
import errno
import hashlib
import json
import os
import random
import select
import socket
import sys
import time
import urllib.parse

control, address, port, listener_wish, connection_wish = sys.argv[1:]
port = int(port)
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
sent, received = hashlib.sha256(), hashlib.sha256()
totals = {"sent": 0, "received": 0}


def say(event, **facts):
    print(json.dumps({"event": event, "at": time.monotonic_ns() / 1e6, **facts}), flush=True)


def dial():
    line = socket.socket(socket.AF_UNIX)
    line.connect(control)
    return line


def ask(method, path, wish=""):
    with dial() as line:
        body = wish.encode()
        line.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    head, _, content = answer.partition(b"\r\n\r\n")
    if b"chunked" in head:
        whole, content = content, b""
        while whole and (size := int(whole.partition(b"\r\n")[0], 16)):
            start = whole.index(b"\r\n") + 2
            content, whole = content + whole[start:start + size], whole[start + size + 2:]
    return int(head.split()[1]), json.loads(content)


def endpoint(name):
    host = name[0].removeprefix("::ffff:")
    return f"[{host}]:{name[1]}" if ":" in host else f"{host}:{name[1]}"


def subscribe():
    line = dial()
    line.sendall(b"GET /connections/events HTTP/1.1\r\nHost: x\r\n\r\n")
    heard = b""
    while b": listening" not in heard:
        heard += line.recv(4096)
    line.setblocking(False)
    return line


def alerts(line, rest):
    """Says every event that lies in the stream; returns what is left over of the last one."""
    try:
        rest += line.recv(1 << 16)
    except BlockingIOError:
        return rest
    *whole, rest = rest.split(b"\n\n")
    for event in whole:
        for field in event.split(b"\n"):
            if field.startswith(b"data: "):
                data = json.loads(field[6:])
                say("alert", kind=data["event"], state=data.get("state"), reason=data.get("reason"), latch=data.get("latch"),
                    flow=data.get("flow"), listener=data.get("listener"), seq=data["seq"])
                told.append(data["event"])
    return rest


told = []
server = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((address, port))
server.listen()
if listener_wish != "-":
    status, answer = ask("POST", "/listener?socket=" + urllib.parse.quote(f"tcp {endpoint(server.getsockname())}"), listener_wish)
    say("granted", status=status, answer=answer)
stream_line = subscribe()
say("listening")
connection, peer = server.accept()
say("accepted", peer=peer[0], port=peer[1])
mine = "/connection?flow=" + urllib.parse.quote(f"tcp {endpoint(connection.getsockname())} {endpoint(connection.getpeername())}")
if connection_wish != "-":
    status, answer = ask("POST", mine, connection_wish)
    say("granted", status=status, answer=answer)
status, answer = ask("GET", mine)
say("latch", status=status, answer=answer)

pseudo = random.Random(f"owner {port}")
poll = select.poll()
for descriptor in (0, connection.fileno(), stream_line.fileno()):
    poll.register(descriptor, select.POLLIN)
left, commands = b"", b""
while True:
    ready = dict(poll.poll())
    if connection.fileno() in ready:
        try:
            data = connection.recv(1 << 18)
        except OSError as error:
            # Nothing is waited for: what was to arrive before has arrived.
            left = alerts(stream_line, left)
            say("error", call="recv", errno=errno.errorcode.get(error.errno, str(error.errno)), alerted="latch_broken" in told)
            sys.exit(1)
        if not data:
            say("end")
            sys.exit(0)
        received.update(data)
        totals["received"] += len(data)
    if stream_line.fileno() in ready:
        left = alerts(stream_line, left)
    if 0 in ready:
        heard = os.read(0, 4096)
        if not heard:
            sys.exit(0)
        *lines, commands = (commands + heard).split(b"\n")
        for line in lines:
            command, _, rest = line.decode().partition(" ")
            if command == "send":
                octets = pseudo.randbytes(int(rest))
                connection.sendall(octets)
                sent.update(octets)
                totals["sent"] += len(octets)
            elif command == "count":
                say("count", **totals, sent_sha256=sent.hexdigest(), received_sha256=received.hexdigest())
            elif command == "choose":
                status, answer = ask("POST", mine, rest)
                say("granted", status=status, answer=answer)
            elif command == "spy":
                status, answer = ask("GET", "/connection?flow=" + urllib.parse.quote(rest))
                say("spied", status=status, answer=answer)
