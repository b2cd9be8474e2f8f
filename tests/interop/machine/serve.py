"""In the machine: runs the programs that enter.py asks for, each for one connection."""
import json
import os
import socket
import subprocess
import threading

import frames


def relay(connection, lock, kind, pipe):
    try:
        while data := os.read(pipe.fileno(), 1 << 16):
            frames.write(connection, lock, kind, data)
    except OSError:
        pass


def finish(connection, lock, program, relays):
    status = program.wait()
    for thread in relays:
        # Something that it left behind may hold the pipe open.
        thread.join(1)
    try:
        frames.write(connection, lock, frames.STATUS, bytes([status if status >= 0 else 128 - status]))
    except OSError:
        pass
    connection.close()


def serve(connection):
    lock = threading.Lock()
    _, command = frames.read(connection)
    try:
        program = subprocess.Popen(json.loads(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        frames.write(connection, lock, frames.COMPLAINT, f"{error}\n".encode())
        frames.write(connection, lock, frames.STATUS, b"\x7f")
        return
    relays = [
        threading.Thread(target=relay, args=(connection, lock, kind, pipe), daemon=True)
        for kind, pipe in ((frames.OUTPUT, program.stdout), (frames.COMPLAINT, program.stderr))
    ]
    for thread in relays:
        thread.start()
    threading.Thread(target=finish, args=(connection, lock, program, relays), daemon=True).start()
    try:
        while frame := frames.read(connection):
            kind, data = frame
            if kind == frames.SIGNAL:
                program.send_signal(data[0])
            elif data:
                program.stdin.write(data)
                program.stdin.flush()
            else:
                program.stdin.close()
    except (OSError, ValueError):
        pass
    if program.poll() is None:
        program.kill()


with socket.create_server(("", frames.PORT)) as server:
    print("the machine is up", flush=True)
    while True:
        client, _ = server.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(client,), daemon=True).start()
