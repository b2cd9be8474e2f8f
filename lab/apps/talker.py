"""One TCP connection, told line by line: what the application was given, by which call, and when.

    talker.py listen ADDRESS PORT
    talker.py connect ADDRESS PORT [FROM-PORT]

An ordinary program that knows nothing of Latchkey. It is blocked in recv() all the time, like any server, and writes one
JSON object a line: "event" and "at", milliseconds of CLOCK_MONOTONIC. Commands come on standard input:

    go            connect now (only "connect")
    send N        send N octets of its own pseudo-random stream
    count N       say how many octets were sent and received, with the SHA-256 of each direction, and N
    sequence      say the TCP sequence number it will send next (needs CAP_NET_ADMIN)
    finish        send FIN
    quit          end, closing the socket

It ends on quit, on end of input, or when the connection failed.
"""
import errno
import hashlib
import json
import os
import random
import socket
import struct
import sys
import threading
import time

TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
SEND_QUEUE, REPAIR_OFF_NO_PROBE = 2, -1

output = threading.Lock()
sent, received = hashlib.sha256(), hashlib.sha256()
totals = {"sent": 0, "received": 0}


def say(event, **facts):
    line = json.dumps({"event": event, "at": time.monotonic_ns() / 1e6, **facts})
    with output:
        print(line, flush=True)


def failed(call, error):
    say("error", call=call, errno=errno.errorcode.get(error.errno, str(error.errno)))


def listen(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    server.listen()
    say("listening")
    connection, peer = server.accept()
    server.close()
    say("accepted", peer=peer[0], port=peer[1])
    return connection


def connect(address, port, own=0):
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    if own:
        connection.bind(("::" if ":" in address else "0.0.0.0", own))
    say("ready")
    for line in sys.stdin:
        if line.strip() == "go":
            break
    say("connecting")
    try:
        connection.connect((address, port))
    except OSError as error:
        failed("connect", error)
        sys.exit(1)
    say("connected", port=connection.getsockname()[1])
    return connection


def hear(connection):
    while True:
        try:
            data = connection.recv(1 << 18)
        except OSError as error:
            failed("recv", error)
            os._exit(1)
        if not data:
            say("end")
            return
        received.update(data)
        if totals["received"] == 0:
            say("heard")
        totals["received"] += len(data)


def send(connection, stream, octets):
    while octets:
        piece = stream.randbytes(min(octets, 1 << 18))
        try:
            connection.sendall(piece)
        except OSError as error:
            failed("send", error)
            return
        sent.update(piece)
        totals["sent"] += len(piece)
        octets -= len(piece)
    say("sent", total=totals["sent"])


def sequence(connection):
    connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, SEND_QUEUE)
    (number,) = struct.unpack("I", connection.getsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, 4))
    connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, REPAIR_OFF_NO_PROBE)
    say("sequence", number=number)


role, address, port, *own = sys.argv[1:]
connection = listen(address, int(port)) if role == "listen" else connect(address, int(port), *map(int, own))
threading.Thread(target=hear, args=(connection,), daemon=True).start()
stream = random.Random(f"{role} {port}")
for line in sys.stdin:
    command, *arguments = line.split() or [""]
    if command == "send":
        send(connection, stream, int(arguments[0]))
    elif command == "count":
        say("count", number=int(arguments[0]), **totals, sent_sha256=sent.hexdigest(), received_sha256=received.hexdigest())
    elif command == "sequence":
        sequence(connection)
    elif command == "finish":
        connection.shutdown(socket.SHUT_WR)
    elif command == "quit":
        break
connection.close()
