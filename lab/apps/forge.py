"""Packets that their apparent sender never sent. What each kind can do to a connection is what the scenarios test.

    forge.py hints  AS TARGET SECONDS
    forge.py segment AS AS-PORT TARGET TARGET-PORT SEQUENCE rst|data
    forge.py spoof  AS TARGET SECONDS [IKE-SPIS] [ESP-SPI]
    forge.py tokens AS TARGET SECONDS IKE-SPIS
    forge.py barrage AS TARGET COUNT IKE-SPIS ESP-SPI AS-PORT TARGET-PORT SEQUENCE CAPTURE

AS is the address the packets claim to come from; answers go to whoever really has it. Prints how many were sent;
"barrage", which sends packets of every kind in turn until there were COUNT, prints how many of each as JSON.
CAPTURE is a running recording of the link, from which genuine packets are replayed.
"""
import collections
import itertools
import json
import os
import random
import struct
import sys
import time

from scapy.all import (
    IP, TCP, UDP, ICMP, IPv6, ICMPv6DestUnreach, ICMPv6ND_Redirect, ICMPv6PacketTooBig, PcapReader, Raw)

from link import Link

INFORMATIONAL, IKE_SA_INIT, IKE_AUTH = 37, 34, 35
INVALID_IKE_SPI, INVALID_SPI, QUICK_CRASH_DETECTION = 4, 11, 16419
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


def forgotten(flags, spis, tokens):
    """RFC 6290 section 4.5: this IKE SA is unknown here, and these tokens prove it."""
    payloads = struct.pack("!BBHBBH", 41, 0, 8, 0, 0, INVALID_IKE_SPI)
    for number, token in enumerate(tokens):
        more = 41 if number < len(tokens) - 1 else 0
        payloads += struct.pack("!BBHBBH", more, 0, 8 + len(token), 1, 0, QUICK_CRASH_DETECTION) + token
    return ike(INFORMATIONAL, flags, *spis, 41, payloads, chance.randrange(8))


def tokens(source, target, ike_spis):
    """Made-up proofs that the peer of a real IKE SA has crashed."""
    spis = bytes.fromhex(ike_spis[:16]), bytes.fromhex(ike_spis[16:])
    for port in (500, 4500):
        for flags in (RESPONSE, RESPONSE | REQUEST):
            yield udp(source, target, port, forgotten(flags, spis, [os.urandom(32) for _ in range(4)]))
            yield udp(source, target, port, forgotten(flags, spis, [os.urandom(16), os.urandom(128)]))


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


class Barrage:
    """Packets of every kind, from one who knows everything that crosses the link but holds no key.

    Each kind is an endless stream; what is sent is one of each in turn.
    """

    def __init__(self, source, target, ike_spis, esp_spi, port, target_port, sequence, capture):
        self.source, self.target = source, target
        self.spis = bytes.fromhex(ike_spis[:16]), bytes.fromhex(ike_spis[16:])
        self.esp_spi, self.ports, self.sequence = bytes.fromhex(esp_spi), (port, target_port), sequence
        self.seen = self.recorded(capture)

    def recorded(self, capture):
        """The network layer of every IKE and ESP packet that crossed the link, whoever sent it."""
        with PcapReader(capture) as reader:
            packets = (packet.getlayer(IPv6 if ":" in self.source else IP) for packet in reader)
            found = (p for p in packets if p is not None and UDP in p and p[UDP].dport in (500, 4500))
            return [bytes(p) for p in itertools.islice(found, 2000)]

    def anywhere(self):
        if ":" in self.source:
            return f"2001:db8:{chance.choice((1, 2, 0xbad))}::{chance.randrange(0x100, 0xffff):x}"
        return chance.choice(("192.0.2.", "198.51.100.", "203.0.113.")) + str(chance.randrange(100, 250))

    def esp(self):
        number = chance.choice((0, 1, chance.randrange(1, 2000), chance.randrange(1 << 32), 0xFFFFFFFF))
        return self.esp_spi + struct.pack("!I", number) + os.urandom(chance.choice((0, 8, 24, 72, 1300)))

    def quoted(self):
        """What an ICMP error may quote: the outer packet, or the flow itself."""
        outer = UDP(sport=4500, dport=4500) / Raw(self.esp())
        inner = TCP(sport=self.ports[1], dport=self.ports[0], seq=self.sequence, flags="A") / Raw(bytes(8))
        return ip(self.target, self.source) / chance.choice((outer, inner))

    def invalid_spi(self):
        for port in itertools.cycle((500, 4500)):
            spi = chance.choice((os.urandom(4), self.esp_spi))
            payload = struct.pack("!BBHBBH", 0, 0, 12, 0, 0, INVALID_SPI) + spi
            spis = chance.choice(((os.urandom(8), bytes(8)), (bytes(8), bytes(8)), (os.urandom(8), os.urandom(8))))
            yield udp(self.source, self.target, port, ike(INFORMATIONAL, REQUEST, *spis, 41, payload))

    def invalid_ike_spi(self):
        for port in itertools.cycle((500, 4500)):
            spis = chance.choice((self.spis, (os.urandom(8), os.urandom(8))))
            # The initiator's flag says whose SPI comes first; the attacker tries both.
            message = ike(INFORMATIONAL, RESPONSE | chance.choice((0, 0x08)), *spis, 41, notify(INVALID_IKE_SPI), chance.randrange(8))
            yield udp(self.source, self.target, port, message)

    def crash_token(self):
        for port in itertools.cycle((500, 4500)):
            made_up = [os.urandom(chance.choice((0, 15, 16, 32, 128))) for _ in range(chance.randrange(1, 5))]
            message = forgotten(RESPONSE | chance.choice((0, 0x08)), chance.choice((self.spis, (os.urandom(8), os.urandom(8)))), made_up)
            yield udp(chance.choice((self.source, self.anywhere())), self.target, port, message)

    def ike_sa_init(self):
        while True:
            yield sa_init(chance.choice((self.source, self.anywhere())), self.target, chance.choice((500, 4500)))

    def ike_unverifiable(self):
        for exchange in itertools.cycle((IKE_AUTH, 36, INFORMATIONAL)):
            sealed = struct.pack("!BBH", chance.choice((0, 33, 41, 42)), 0, 68) + os.urandom(64)
            flags = chance.choice((0, 0x08, 0x20, 0x28))
            message = ike(exchange, flags, *self.spis, 46, sealed, chance.choice((0, 1, 2, 3, 4, 5, chance.randrange(1 << 32))))
            yield udp(chance.choice((self.source, self.anywhere())), self.target, chance.choice((500, 4500)), message)

    def esp_garbage(self):
        while True:
            source = chance.choice((self.source, self.source, self.anywhere()))
            yield ip(source, self.target) / UDP(sport=4500, dport=4500) / Raw(self.esp())
            yield ip(self.source, self.target, proto=50) / Raw(self.esp())

    def replayed(self):
        layer = IPv6 if ":" in self.source else IP
        for octets in itertools.cycle(self.seen):
            packet = layer(octets)
            if packet.dst != self.target:
                # What W itself said comes back to it as if from C.
                packet.src, packet.dst = self.source, self.target
            elif chance.random() < 0.25:
                packet.src = self.anywhere()
            yield ip(packet.src, packet.dst) / UDP(sport=packet[UDP].sport, dport=packet[UDP].dport) / Raw(bytes(packet[UDP].payload))

    def icmp(self):
        while True:
            sender = chance.choice((self.source, self.anywhere()))
            quoted = Raw(bytes(self.quoted())[:500])
            if ":" in self.source:
                yield ip(sender, self.target) / ICMPv6DestUnreach(code=chance.randrange(7)) / quoted
                yield ip(sender, self.target) / ICMPv6PacketTooBig(mtu=chance.choice((68, 1280, 1300))) / quoted
                yield ip(sender, self.target, hlim=255) / ICMPv6ND_Redirect(tgt=self.anywhere(), dst=self.source)
            else:
                yield ip(sender, self.target) / ICMP(type=3, code=chance.choice((0, 1, 2, 3, 5, 9, 10, 13))) / quoted
                yield ip(sender, self.target) / ICMP(type=3, code=4, nexthopmtu=chance.choice((68, 552, 1300))) / quoted
                yield ip(sender, self.target) / ICMP(type=5, code=1, gw=self.anywhere()) / quoted

    def clear_tcp(self):
        for flags in itertools.cycle(("R", "RA", "S", "PA", "FA", "A", "SA")):
            tcp = TCP(
                sport=self.ports[0], dport=self.ports[1], seq=(self.sequence + chance.choice((0, 1, 1000))) % (1 << 32), ack=0, flags=flags, window=1000)
            yield ip(self.source, self.target) / tcp / Raw(b"not yours" if "P" in flags else b"")

    def send(self, count):
        kinds = (self.invalid_spi, self.invalid_ike_spi, self.crash_token, self.ike_sa_init, self.ike_unverifiable, self.esp_garbage, self.replayed, self.icmp, self.clear_tcp)
        link, sent = Link(self.target), collections.Counter()
        streams = [(kind.__name__, kind()) for kind in kinds]
        for name, stream in itertools.islice(itertools.cycle(streams), count):
            link.send(next(stream))
            sent[name] += 1
        return sent


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
elif kind == "tokens":
    target, seconds, ike_spis = rest
    print(rounds(target, lambda: tokens(source, target, ike_spis), float(seconds)))
elif kind == "barrage":
    target, count, ike_spis, esp_spi, port, target_port, sequence, capture = rest
    barrage = Barrage(source, target, ike_spis, esp_spi, int(port), int(target_port), int(sequence), capture)
    print(json.dumps(barrage.send(int(count))))
elif kind == "segment":
    port, target, target_port, sequence, what = rest
    tcp = TCP(sport=int(port), dport=int(target_port), seq=int(sequence), ack=0, flags="R" if what == "rst" else "PA", window=1000)
    packet = ip(source, target) / tcp
    Link(target).send(packet if what == "rst" else packet / Raw(b"not yours"))
    print(1)
