"""Runs a program in a machine, as if it ran here: enter.py ADDRESS PROGRAM [ARGUMENT...]

Standard input, output and error, signals and the exit status go through. The program dies with this one.
"""
import json
import os
import signal
import socket
import sys
import threading

import frames

address, *command = sys.argv[1:]
machine = socket.create_connection((address, frames.PORT))
machine.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
lock = threading.RLock()


def relay_input():
    while data := os.read(0, 1 << 16):
        frames.write(machine, lock, frames.INPUT, data)
    frames.write(machine, lock, frames.INPUT)


for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
    signal.signal(number, lambda got, _: frames.write(machine, lock, frames.SIGNAL, bytes([got])))
frames.write(machine, lock, frames.COMMAND, json.dumps(command).encode())
threading.Thread(target=relay_input, daemon=True).start()
while frame := frames.read(machine):
    kind, data = frame
    if kind == frames.STATUS:
        os._exit(data[0])
    os.write(2 if kind == frames.COMPLAINT else 1, data)
os._exit(125)
