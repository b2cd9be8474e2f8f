"""Bytes that no peer should send, at everything a daemon listens to.

    hostile.py AS TARGET SECONDS CAPTURE

AS is the claimed source; CAPTURE is a running recording of the link, from which genuine packets to the target are taken
to be replayed, duplicated, truncated and damaged. Prints how many datagrams of each sort were sent, as JSON.
"""
import collections
import json
import os
import random
import struct
import sys
import time

from scapy.all import IP, UDP, IPv6, IPv6ExtHdrFragment, PcapReader, Raw, fragment, fragment6

from link import Link

source, target, seconds, capture = sys.argv[1:]
chance = random.Random(7)
sent = collections.Counter()
link = Link(target)


def ip(**fields):
    return IPv6(src=source, dst=target, **{("nh" if k == "proto" else k): v for k, v in fields.items()}) if ":" in source \
        else IP(src=source, dst=target, **fields)


def send(sort, port, payload):
    packet = ip(proto=50) / Raw(payload) if port == 50 else ip() / UDP(sport=port, dport=port) / Raw(payload)
    try:
        link.send(packet)
        sent[sort] += 1
    except OSError:
        pass


def genuine(limit=400):
    """Payloads of the UDP 500/4500 and ESP packets that really went to the target."""
    found = []
    with PcapReader(capture) as reader:
        for packet in reader:
            layer = packet.getlayer(IPv6 if ":" in source else IP)
            if layer is None or layer.dst != target or layer.src != source:
                continue
            if UDP in layer and layer[UDP].dport in (500, 4500):
                found.append((layer[UDP].dport, bytes(layer[UDP].payload)))
            elif getattr(layer, "proto", getattr(layer, "nh", 0)) == 50:
                found.append((50, bytes(layer.payload)))
            if len(found) == limit:
                break
    return found


def ike_headers():
    """IKE headers whose fields contradict the bytes."""
    for length in (0, 27, 28, 29, 0xFFFFFFFF):
        for version in (0x10, 0x20, 0x2F, 0x30, 0xFF):
            yield os.urandom(16) + struct.pack("!BBBBII", chance.choice((0, 33, 46, 255)), version, chance.randrange(256), chance.randrange(256), 0, length)


def payload_chains():
    """IKE_SA_INIT requests whose payloads lie about their lengths or never end."""
    for length in (0, 1, 3, 4, 5, 0x7FFF, 0xFFFF):
        body = struct.pack("!BBH", 33, 0x80, length) * 20
        yield os.urandom(8) + bytes(8) + struct.pack("!BBBBII", 33, 0x20, 34, 0x08, 0, 28 + len(body)) + body


def bad():
    for port in (500, 4500, 50):
        for size in (0, 1, 3, 4, 7, 8, 15, 27, 28, 100, 1400):
            send("random", port, os.urandom(size))
        send("zeros", port, bytes(64))
    for message in [*ike_headers(), *payload_chains()]:
        send("malformed IKE", 500, message)
        send("malformed IKE", 4500, bytes(4) + message)
    send("keepalive", 4500, b"\xff")


def oversized():
    for port in (500, 4500):
        datagram = UDP(sport=port, dport=port) / Raw(os.urandom(60000))
        for part in fragment6(ip() / IPv6ExtHdrFragment() / datagram, 1280) if ":" in source else fragment(ip() / datagram):
            link.send(part)
        sent["oversized"] += 1


def from_genuine():
    for port, payload in genuine():
        send("replayed", port, payload)
        send("truncated", port, payload[:chance.randrange(len(payload) + 1)])
        at = chance.randrange(len(payload)) if payload else 0
        send("damaged", port, payload[:at] + bytes([chance.randrange(256)]) + payload[at + 1:])
        send("extended", port, payload + os.urandom(9))
        yield


end = time.monotonic() + float(seconds)
oversized()
# Every sort at least once, however slow the machine is; then until the time is up.
while True:
    bad()
    for done in from_genuine():
        if time.monotonic() > end:
            break
    if time.monotonic() > end:
        break
print(json.dumps(sent))
