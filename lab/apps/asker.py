"""A connected UDP socket, told line by line: what the application was given, by which call, and when.

    asker.py ADDRESS PORT

An ordinary program that knows nothing of Latchkey. It is blocked in recv() all the time, and writes one JSON object a
line: "event" and "at", milliseconds of CLOCK_MONOTONIC. Every line "ask" on standard input sends one datagram.
It ends when a call failed, or on end of input.
"""
import errno
import json
import os
import socket
import sys
import threading
import time

output = threading.Lock()


def say(event, **facts):
    with output:
        print(json.dumps({"event": event, "at": time.monotonic_ns() / 1e6, **facts}), flush=True)


def hear(connection):
    while True:
        try:
            say("answered", octets=len(connection.recv(2048)))
        except OSError as error:
            say("error", call="recv", errno=errno.errorcode.get(error.errno, str(error.errno)))
            os._exit(0)


address, port = sys.argv[1], int(sys.argv[2])
asker = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
asker.connect((address, port))
threading.Thread(target=hear, args=(asker,), daemon=True).start()
say("ready")
for line in sys.stdin:
    asker.send(b"who are you? " * 8)
