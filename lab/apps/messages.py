"""Hostile IKE messages, built by scapy, one after the other from one's own address, so that answers come back.

    messages.py AS TARGET

Behind each goes a request that is always answered: when its answer is there, whatever the message was answered with is there
too. Prints one JSON object a line: the message's name, the answer (a notify's name, "exchange" for an answer that goes on with
the exchange, or "nothing"), and whether that is what RFC 7296 lets one expect.
"""
import json
import os
import socket
import struct
import sys

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from scapy.contrib.ikev2 import (
    IKEv2, IKEv2_payload, IKEv2_payload_AUTH, IKEv2_payload_KE, IKEv2_payload_Nonce,
    IKEv2_payload_Notify, IKEv2_payload_Proposal, IKEv2_payload_SA, IKEv2_payload_Transform)
from scapy.packet import Raw

IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL = 34, 35, 36, 37
SA, KE, NONCE, NOTIFY, DELETE, ENCRYPTED, FRAGMENT, IDI, AUTH = 33, 34, 40, 41, 42, 46, 53, 35, 39
NAMES = {
    1: "UNSUPPORTED_CRITICAL_PAYLOAD", 4: "INVALID_IKE_SPI", 5: "INVALID_MAJOR_VERSION", 7: "INVALID_SYNTAX", 9: "INVALID_MESSAGE_ID",
    11: "INVALID_SPI", 14: "NO_PROPOSAL_CHOSEN", 17: "INVALID_KE_PAYLOAD", 24: "AUTHENTICATION_FAILED", 16390: "COOKIE"}

# Answers outside of an IKE SA are limited for each address (RFC 7296 §2.21.4).
LIMITED = {name: (name, "nothing") for name in ("INVALID_IKE_SPI", "INVALID_MAJOR_VERSION")}

own, target = sys.argv[1:]
family = socket.AF_INET6 if ":" in target else socket.AF_INET
link = socket.socket(family, socket.SOCK_DGRAM)
link.bind((own, 500))


def transforms(kinds):
    """Each (type, number) or (type, number, key length)."""
    chain = None
    for i, (kind, number, *bits) in reversed(list(enumerate(kinds))):
        fields = {"length": 12, "key_length": bits[0]} if bits else {"length": 8}
        one = IKEv2_payload_Transform(next_payload=0 if i == len(kinds) - 1 else 3, transform_type=kind, transform_id=number, **fields)
        chain = one / chain if chain else one
    return chain


GOOD = [(1, 20, 256), (2, 5), (4, 31)]


def sa(following, kinds=GOOD, **fields):
    return IKEv2_payload_SA(next_payload=following, prop=IKEv2_payload_Proposal(
        proposal=1, proto=1, trans_nb=len(kinds), trans=transforms(kinds), **fields))


def ke(following, public, group=31):
    return IKEv2_payload_KE(next_payload=following, group=group, load=public)


def nonce(following=0, octets=32):
    return IKEv2_payload_Nonce(next_payload=following, load=os.urandom(octets))


def notify(following, kind, data=b"", **fields):
    return IKEv2_payload_Notify(next_payload=following, type=kind, load=data, **fields)


def public_of(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def identity(following=0):
    """Of type KEY_ID; scapy's own payload cannot be built in Debian 12."""
    return IKEv2_payload(next_payload=following, load=b"\x0b\0\0\0me")


def header(exchange=IKE_SA_INIT, first=SA, flags="Initiator", spi=None, **fields):
    return IKEv2(init_SPI=spi or os.urandom(8), next_payload=first, exch_type=exchange, flags=flags, **fields)


def init(*payloads, **fields):
    message = header(**fields)
    for payload in payloads:
        message = message / payload
    return message


PUBLIC = public_of(X25519PrivateKey.generate())


def whole(**fields):
    return init(sa(KE), ke(NONCE, PUBLIC), nonce(), **fields)


def first_messages():
    """IKE_SA_INIT requests and what must come of each."""
    yield "a good first message", whole(), "exchange"
    yield "no transform we know", init(sa(KE, [(1, 3), (2, 1), (3, 1), (4, 1)]), ke(NONCE, bytes(96), 1), nonce()), "NO_PROPOSAL_CHOSEN"
    yield "a proposal for ESP", init(
        IKEv2_payload_SA(next_payload=KE, prop=IKEv2_payload_Proposal(proposal=1, proto=3, SPIsize=4, SPI=b"\1\2\3\4", trans_nb=3, trans=transforms(GOOD))),
        ke(NONCE, PUBLIC), nonce()), "NO_PROPOSAL_CHOSEN"
    yield "a public value for another group", init(sa(KE), ke(NONCE, bytes(96), 20), nonce()), "INVALID_KE_PAYLOAD"
    yield "the neutral element as public value", init(sa(KE), ke(NONCE, bytes(32)), nonce()), "INVALID_SYNTAX"
    yield "a public value that is too short", init(sa(KE), ke(NONCE, PUBLIC[:31]), nonce()), "INVALID_SYNTAX"
    yield "a point that is on no curve", init(sa(KE, [(1, 20, 256), (2, 5), (4, 19)]), ke(NONCE, b"\1" * 64, 19), nonce()), "INVALID_SYNTAX"
    yield "no key exchange", init(sa(NONCE), nonce()), "INVALID_SYNTAX"
    yield "no nonce", init(sa(KE), ke(0, PUBLIC)), "INVALID_SYNTAX"
    yield "two nonces", init(sa(KE), ke(NONCE, PUBLIC), nonce(NONCE), nonce()), "INVALID_SYNTAX"
    yield "a nonce of 15 octets", init(sa(KE), ke(NONCE, PUBLIC), nonce(octets=15)), "nothing"
    yield "a nonce of 257 octets", init(sa(KE), ke(NONCE, PUBLIC), nonce(octets=257)), "nothing"
    yield "an unknown critical payload", init(sa(KE), ke(NONCE, PUBLIC), nonce(200), IKEv2_payload(flags=0x80, load=b"?")), "UNSUPPORTED_CRITICAL_PAYLOAD"
    yield "an unknown payload that is not critical", init(sa(KE), ke(NONCE, PUBLIC), nonce(200), IKEv2_payload(load=b"?")), "exchange"
    yield "a wrong cookie where none is asked for", init(notify(SA, 16390, os.urandom(20)), sa(KE), ke(NONCE, PUBLIC), nonce(), first=NOTIFY), "exchange"
    yield "70 payloads", init(*[notify(NOTIFY, 16384 + i) for i in range(69)], notify(0, 16384), first=NOTIFY), "nothing"
    yield "a chain that never ends", Raw(bytes(header()) + struct.pack("!BBH", SA, 0, 4) * 50), "nothing"
    yield "a payload of length 0", Raw(bytes(header(length=32)) + struct.pack("!BBH", NONCE, 0, 0)), "nothing"
    yield "a payload longer than the message", Raw(bytes(header(length=32)) + struct.pack("!BBH", NONCE, 0, 0xFFFF)), "nothing"
    yield "33 proposals", Raw(with_length(bytes(header()) + payload_of(
        b"".join(struct.pack("!BBHBBBB", 0 if i == 32 else 2, 0, 8, i + 1, 1, 0, 0) for i in range(33)), 0))), "nothing"
    yield "129 transforms", init(sa(KE, [(1, 20, 256)] * 129), ke(NONCE, PUBLIC), nonce()), "nothing"
    yield "a length field of 4 GiB", whole(length=0xFFFFFFFF), "nothing"
    yield "60,000 octets of Vendor ID", Raw(with_length(bytes(header(first=43)) + payload_of(os.urandom(60_000), 0))), "INVALID_SYNTAX"
    yield "an SPI of zero", whole(spi=bytes(8)), "nothing"
    yield "a responder SPI that nobody gave out", whole(resp_SPI=os.urandom(8)), "nothing"
    yield "a message ID other than 0", whole(id=7), "nothing"
    yield "a first message from no initiator", whole(flags=""), "nothing"
    yield "a response that nobody waits for", whole(flags="Response"), "nothing"
    yield "an encrypted first message", init(IKEv2_payload(load=os.urandom(64)), first=ENCRYPTED), "nothing"
    yield "version 1 (IKEv1 main mode)", whole(version=0x10), "nothing"
    yield "version 3", whole(version=0x30), LIMITED["INVALID_MAJOR_VERSION"]
    yield "27 octets", Raw(os.urandom(27)), "nothing"


def strangers():
    """Messages for IKE SAs that do not exist, or that should have been protected."""
    for exchange in (IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL, 43, 44, 0, 255):
        yield f"exchange {exchange} for an unknown IKE SA", header(exchange, ENCRYPTED, resp_SPI=os.urandom(8), id=1) / IKEv2_payload(load=os.urandom(64)), LIMITED["INVALID_IKE_SPI"]
    yield "an IKE_AUTH in clear", header(IKE_AUTH, IDI, resp_SPI=os.urandom(8), id=1) / identity(), "nothing"
    yield "a Delete in clear", header(INFORMATIONAL, DELETE, resp_SPI=os.urandom(8), id=2) / IKEv2_payload(load=b"\1\0\0\0"), "nothing"
    yield "a crash token for nobody", header(INFORMATIONAL, NOTIFY, resp_SPI=os.urandom(8)) / notify(NOTIFY, 4) / notify(0, 16419, os.urandom(32)), "nothing"


def payload_of(body, following):
    return struct.pack("!BBH", following, 0, 4 + len(body)) + body


def with_length(message):
    return message[:24] + struct.pack("!I", len(message)) + message[28:]


def prf(key, data):
    h = hmac.HMAC(key, hashes.SHA256())
    h.update(data)
    return h.finalize()


class HalfOpen:
    """An IKE SA whose keys the attacker has: everybody gets so far. SHA-256, AES-256-GCM, X25519."""

    def __init__(self):
        private, self.spi_i = X25519PrivateKey.generate(), os.urandom(8)
        request = init(sa(KE), ke(NONCE, public_of(private)), nonce(), spi=self.spi_i)
        answer = IKEv2(ask(bytes(request), self.spi_i))
        self.spi_r = answer.resp_SPI
        ni, nr = request[IKEv2_payload_Nonce].load, answer[IKEv2_payload_Nonce].load
        shared = private.exchange(X25519PublicKey.from_public_bytes(answer[IKEv2_payload_KE].load))
        seed, stream, last = prf(ni + nr, shared), b"", b""
        for i in range(1, 8):
            last = prf(seed, last + ni + nr + self.spi_i + self.spi_r + bytes([i]))
            stream += last
        # SK_d, SK_ei, SK_er, SK_pi, SK_pr: no SK_a with an AEAD cipher.
        self.sending, self.receiving = stream[32:68], stream[68:104]

    def message(self, first, inner, exchange=IKE_AUTH, number=1):
        iv, plain = os.urandom(8), inner + b"\0"
        head = bytes(header(exchange, ENCRYPTED, spi=self.spi_i, resp_SPI=self.spi_r, id=number))
        sealed = 4 + len(iv) + len(plain) + 16
        aad = head[:24] + struct.pack("!I", 28 + sealed) + struct.pack("!BBH", first, 0, sealed)
        return Raw(aad + iv + AESGCM(self.sending[:32]).encrypt(self.sending[32:] + iv, plain, aad))

    def read(self, answer):
        body = answer[28:]
        plain = AESGCM(self.receiving[:32]).decrypt(self.receiving[32:] + body[4:12], body[12:], answer[:32])
        return body[0], plain[:-1 - plain[-1]]


def half_opened():
    """What somebody can say who completed IKE_SA_INIT and has no identity to show."""
    shown = bytes(identity(AUTH))
    for name, first, inner in (
        ("an empty IKE_AUTH", 0, b""),
        ("an IKE_AUTH without AUTH", IDI, bytes(identity())),
        ("an AUTH of made-up octets", IDI, shown + bytes(IKEv2_payload_AUTH(auth_type=14, load=os.urandom(80)))),
        ("an AUTH by a shared key that is not configured", IDI, shown + bytes(IKEv2_payload_AUTH(auth_type=2, load=os.urandom(32)))),
        ("an identity of 50,000 octets", IDI, payload_of(b"\x0b\0\0\0" + os.urandom(50_000), 0)),
        ("payloads that run over the end", IDI, struct.pack("!BBH", 0, 0, 400) + b"short"),
    ):
        sa_ = HalfOpen()
        yield name, sa_.message(first, inner), ("AUTHENTICATION_FAILED", "INVALID_SYNTAX"), sa_
    sa_ = HalfOpen()
    yield "octets that nobody encrypted", header(IKE_AUTH, ENCRYPTED, spi=sa_.spi_i, resp_SPI=sa_.spi_r, id=1) / IKEv2_payload(load=os.urandom(64)), "nothing", sa_
    yield "fragment 9 of 3", header(IKE_AUTH, FRAGMENT, spi=sa_.spi_i, resp_SPI=sa_.spi_r, id=1) / IKEv2_payload(load=struct.pack("!HH", 9, 3) + os.urandom(64)), "nothing", sa_
    yield "fragment 1 of 65535", header(IKE_AUTH, FRAGMENT, spi=sa_.spi_i, resp_SPI=sa_.spi_r, id=1) / IKEv2_payload(load=struct.pack("!HH", 1, 65535) + os.urandom(64)), "nothing", sa_
    yield "a message ID far ahead", sa_.message(0, b"", number=5000), "nothing", sa_
    yield "an INFORMATIONAL before IKE_AUTH", sa_.message(0, b"", exchange=INFORMATIONAL), "nothing", sa_
    yield "a CREATE_CHILD_SA before IKE_AUTH", sa_.message(0, b"", exchange=CREATE_CHILD_SA), "nothing", sa_


def ask(message, spi):
    """Sends until the answer with this SPI is there; what else came meanwhile is in 'others'."""
    others.clear()
    for _ in range(100):
        link.sendto(message, (target, 500))
        link.settimeout(0.2)
        try:
            while True:
                answer = link.recv(65535)
                if answer[:8] == spi:
                    return answer
                others.append(answer)
        except TimeoutError:
            pass
    raise SystemExit("the daemon does not answer any more")


def name_of(answer, sa_):
    kind, body = answer[16], answer[28:]
    if kind == ENCRYPTED and sa_:
        kind, body = sa_.read(answer)
    if kind == NOTIFY:
        return NAMES.get(struct.unpack_from("!H", body, 6)[0], "another notify")
    return "exchange"


def play(name, message, expected, sa_=None):
    spi = os.urandom(8)
    link.sendto(bytes(message), (target, 500))
    ask(bytes(init(sa(KE, [(1, 3), (2, 1), (3, 1), (4, 1)]), ke(NONCE, bytes(96), 1), nonce(), spi=spi)), spi)
    answers = [name_of(answer, sa_) for answer in others if answer[:8] == bytes(message)[:8]]
    answer = answers[0] if answers else "nothing"
    print(json.dumps({"message": name, "answer": answer, "expected": answer in (expected if isinstance(expected, tuple) else (expected,))}))


others = []
for case in (*first_messages(), *strangers()):
    play(*case)
for case in half_opened():
    play(*case)
