"""What enter.py and serve.py say to each other: frames of a kind, a length and octets."""
import struct

PORT = 99
COMMAND, INPUT, SIGNAL, OUTPUT, COMPLAINT, STATUS = range(6)


def write(connection, lock, kind, data=b""):
    with lock:
        connection.sendall(struct.pack("!BI", kind, len(data)) + data)


def read(connection):
    """The next frame's kind and octets; None at the end."""
    head = exactly(connection, 5)
    if head is None:
        return None
    kind, length = struct.unpack("!BI", head)
    data = exactly(connection, length)
    return None if data is None else (kind, data)


def exactly(connection, length):
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            return None
        data += piece
    return data
