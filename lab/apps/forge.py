"""Packets that their apparent sender never sent. What each kind can do to a connection is what the scenarios test.

    forge.py hints  AS TARGET SECONDS
    forge.py segment AS AS-PORT TARGET TARGET-PORT SEQUENCE rst|data
    forge.py spoof  AS TARGET SECONDS [IKE-SPIS] [ESP-SPI]

AS is the address the packets claim to come from; answers go to whoever really has it. Prints how many were sent.
"""
import os
import random
import struct
import sys
import time

from scapy.all import IP, TCP, UDP, ICMP, IPv6, ICMPv6DestUnreach, Raw

from link import Link

INFORMATIONAL, IKE_SA_INIT, IKE_AUTH = 37, 34, 35
INVALID_IKE_SPI, INVALID_SPI = 4, 11
REQUEST, RESPONSE = 0x08, 0x20
chance = random.Random(1)


def ip(source, target, **fields):
    if ":" not in source:
        return IP(src=source, dst=target, **fields)
    if "proto" in fields:
        fields["nh"] = fields.pop("proto")
    return IPv6(src=source, dst=target, **fields)


def ike(exchange, flags, spi_i, spi_r, first, payloads, message_id=0):
    return spi_i + spi_r + struct.pack("!BBBBII", first, 0x20, exchange, flags, message_id, 28 + len(payloads)) + payloads


def notify(kind, spi=b""):
    return struct.pack("!BBHBBH", 0, 0, 8 + len(spi), 3 if spi else 0, len(spi), kind) + spi


def udp(source, target, port, message):
    marker = b"\0\0\0\0" if port == 4500 else b""
    return ip(source, target) / UDP(sport=port, dport=port) / Raw(marker + message)


def unreachable(source, target, code):
    """ICMP: what the target sent to the source in UDP 4500 could not be delivered."""
    quoted = ip(target, source) / UDP(sport=4500, dport=4500) / Raw(b"\x11\x22\x33\x44\0\0\0\1")
    if ":" in source:
        return ip(source, target) / ICMPv6DestUnreach(code=code) / quoted
    return ip(source, target) / ICMP(type=3, code=code) / quoted


def hints(source, target):
    """Everything that may be said without any proof: something is wrong with your SAs."""
    for port in (500, 4500):
        spis = os.urandom(8), os.urandom(8)
        yield udp(source, target, port, ike(INFORMATIONAL, REQUEST, *spis, 41, notify(INVALID_SPI, os.urandom(4))))
        yield udp(source, target, port, ike(INFORMATIONAL, RESPONSE, *spis, 41, notify(INVALID_IKE_SPI)))
    for code in (1, 3, 4) if ":" in source else (0, 1, 2, 3):
        yield unreachable(source, target, code)


def sa_init(source, target, port):
    """A well-formed IKE_SA_INIT request: AES-GCM-256, HMAC-SHA2-256, X25519."""
    transforms = [(1, 20, struct.pack("!HH", 0x800E, 256)), (2, 5, b""), (4, 31, b"")]
    body = b""
    for number, (kind, identifier, attributes) in enumerate(transforms):
        more = 3 if number < len(transforms) - 1 else 0
        body += struct.pack("!BBHBBH", more, 0, 8 + len(attributes), kind, 0, identifier) + attributes
    proposal = struct.pack("!BBHBBBB", 0, 0, 8 + len(body), 1, 1, 0, len(transforms)) + body
    payloads = struct.pack("!BBH", 34, 0, 4 + len(proposal)) + proposal
    payloads += struct.pack("!BBHHH", 40, 0, 40, 31, 0) + os.urandom(32)
    payloads += struct.pack("!BBH", 0, 0, 36) + os.urandom(32)
    return udp(source, target, port, ike(IKE_SA_INIT, REQUEST, os.urandom(8), bytes(8), 33, payloads))


def spoof(source, target, ike_spis, esp_spi):
    """An attacker who even knows the SPIs, but never sees an answer and has no key."""
    yield sa_init(source, target, 500)
    yield udp(source, target, 500, ike(IKE_AUTH, REQUEST, os.urandom(8), os.urandom(8), 46, struct.pack("!BBH", 35, 0, 68) + os.urandom(64), 1))
    spi_i, spi_r = bytes.fromhex(ike_spis[:16]), bytes.fromhex(ike_spis[16:])
    for flags in (REQUEST, RESPONSE, 0, REQUEST | RESPONSE):
        # Claims to be a protected Delete of the real IKE SA; the message id is guessed among the likely ones.
        sealed = struct.pack("!BBH", 42, 0, 52) + os.urandom(48)
        yield udp(source, target, 4500, ike(INFORMATIONAL, flags, spi_i, spi_r, 46, sealed, chance.randrange(8)))
        yield udp(source, target, 500, ike(INFORMATIONAL, flags, spi_i, spi_r, 42, struct.pack("!BBHBBH", 0, 0, 8, 1, 0, 0), chance.randrange(8)))
    esp = bytes.fromhex(esp_spi) + struct.pack("!I", chance.randrange(1, 100000)) + os.urandom(72)
    yield ip(source, target) / UDP(sport=4500, dport=4500) / Raw(esp)
    yield ip(source, target, proto=50) / Raw(esp)
    yield from hints(source, target)


def rounds(target, packets, seconds):
    link, sent, end = Link(target), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for packet in packets():
            link.send(packet)
            sent += 1
        time.sleep(0.02)
    return sent


kind, source, *rest = sys.argv[1:]
if kind == "hints":
    target, seconds = rest
    print(rounds(target, lambda: hints(source, target), float(seconds)))
elif kind == "spoof":
    target, seconds, ike_spis, esp_spi = rest
    print(rounds(target, lambda: spoof(source, target, ike_spis, esp_spi), float(seconds)))
elif kind == "segment":
    port, target, target_port, sequence, what = rest
    tcp = TCP(sport=int(port), dport=int(target_port), seq=int(sequence), ack=0, flags="R" if what == "rst" else "PA", window=1000)
    packet = ip(source, target) / tcp
    Link(target).send(packet if what == "rst" else packet / Raw(b"not yours"))
    print(1)
