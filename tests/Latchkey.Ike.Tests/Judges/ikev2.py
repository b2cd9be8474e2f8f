# An IKE SA, its rekeys and its Child SAs, worked out anew from the datagrams and from the secrets of their key exchanges,
# written from RFC 7296 (2.13 to 2.18), RFC 9242 (3.3.2), RFC 9370 (2.2.2), RFC 7383 and RFC 8784 (3). Nothing in here knows Latchkey.
import hashlib, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_der_public_key

SA, SKF, SK, NONCE, IDI, IDR, CERT, AUTH, NOTIFY = 33, 53, 46, 40, 35, 36, 37, 39, 41
SALT = 4
IKE, PRF = 1, 2
PRFS = {5: "sha256", 6: "sha384", 7: "sha512"}


class Prf:
    def __init__(self, name):
        self.name, self.size = name, hashlib.new(name).digest_size

    def __call__(self, key, data):
        return hmac.new(key, data, self.name).digest()

    def plus(self, key, seed, length):
        stream, block, counter = b"", b"", 1
        while len(stream) < length:
            block = self(key, block + seed + bytes([counter]))
            stream, counter = stream + block, counter + 1
        return stream[:length]


def payloads(first, octets):
    found = []
    while first:
        following, length = octets[0], int.from_bytes(octets[2:4], "big")
        found.append((first, octets[4:length]))
        first, octets = following, octets[length:]
    return found


def one(chain, kind):
    return next(body for which, body in chain if which == kind)


class Gcm:
    """RFC 5282; the key material is key and salt."""
    iv, icv, integrity = 8, 16, 0

    def __init__(self, bits):
        self.encryption = bits // 8 + SALT

    def open(self, key, _, iv, header, text):
        return AESGCM(key[:-SALT]).decrypt(key[-SALT:] + iv, text, header)


class CbcHmac:
    """RFC 7296 3.14: the ICV is over everything in front of it; RFC 4868 says how long it and its key are."""
    iv = 16

    def __init__(self, bits, hash):
        self.encryption, self.hash, self.integrity = bits // 8, hash, hashlib.new(hash).digest_size
        self.icv = self.integrity // 2

    def open(self, key, integrity_key, iv, header, text):
        text, icv = text[:-self.icv], text[-self.icv:]
        assert hmac.new(integrity_key, header + iv + text, self.hash).digest()[:self.icv] == icv, "the ICV is wrong"
        decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        return decryptor.update(text) + decryptor.finalize()


def proposal(body):
    """The first one of an SA payload: its protocol, its SPI, and the first transform of each type."""
    protocol, size = body[5], body[6]
    spi, rest, transforms = body[8:8 + size], body[8 + size:int.from_bytes(body[2:4], "big")], {}
    while rest:
        transforms.setdefault(rest[4], int.from_bytes(rest[6:8], "big"))
        rest = rest[int.from_bytes(rest[2:4], "big"):]
    return protocol, spi, transforms


class Keys:
    def __init__(self, prf, seed, nonces, spis, cipher):
        key, integrity = cipher.encryption, cipher.integrity
        self.cipher, self.prf, self.spis = cipher, prf, spis
        stream = prf.plus(seed, nonces + spis, 3 * prf.size + 2 * key + 2 * integrity)
        sizes = dict(d=prf.size, ai=integrity, ar=integrity, ei=key, er=key, pi=prf.size, pr=prf.size)
        for name, size in sizes.items():
            setattr(self, name, stream[:size])
            stream = stream[size:]


def opened(keys, datagrams):
    """The inner octets of one message, however many fragments it came in, and the type of the first payload."""
    first, inner = None, b""
    for message in datagrams:
        outer, header = message[16], 28 + (8 if message[16] == SKF else 4)
        if first is None:
            first = message[28]
        key, integrity_key = (keys.ei, keys.ai) if message[19] & 8 else (keys.er, keys.ar)
        body, iv = message[header:], keys.cipher.iv
        text = keys.cipher.open(key, integrity_key, body[:iv], message[:header], body[iv:])
        inner += text[: len(text) - 1 - text[-1]]
    return first, inner


def to_authenticate(message, first, inner):
    """RFC 9242 3.3.2: the header with the lengths it would have without IV, padding and ICV, then what is inside."""
    header = message[:16] + bytes([SK]) + message[17:24] + (28 + 4 + len(inner)).to_bytes(4, "big")
    return header + bytes([first, 0]) + (4 + len(inner)).to_bytes(2, "big") + inner


def proved(prf, signed, chain, psk, sk_p):
    auth = one(chain, AUTH)
    method, value = auth[0], auth[4:]
    if method in (2, 13):  # shared key; NULL, which RFC 7619 2.1 makes with SK_pi or SK_pr
        return value == prf(prf(psk if method == 2 else sk_p, b"Key Pad for IKEv2"), signed)
    algorithm = value[0]
    load_der_public_key(one(chain, CERT)[1:]).verify(value[1 + algorithm:], signed)  # Ed25519; raises when it does not verify
    return method == 14


def judge(prf_name, cipher, datagrams, secrets, psk=b"", ppk=b""):
    """datagrams: of IKE_SA_INIT, IKE_INTERMEDIATE and IKE_AUTH, in the order in which they were sent, and of CREATE_CHILD_SA when
    it is always the same end that asks. Every SA has the same cipher, and Child SAs have no key exchange of their own."""
    prf, key = Prf(prf_name), cipher.encryption + cipher.integrity
    init_i, init_r, rest = datagrams[0], datagrams[1], datagrams[2:]
    spis = init_r[:16]
    ni, nr = (one(payloads(m[16], m[28:]), NONCE) for m in (init_i, init_r))
    keys = Keys(prf, prf(ni + nr, secrets[0]), ni + nr, spis, cipher)
    generations, children, mixed_in, said, used = [keys], [], b"", dict(i=b"", r=b""), 1
    while rest:
        exchange, identifier = rest[0][18], rest[0][20:24]
        exchanged = [m for m in rest if m[:16] == rest[0][:16] and m[20:24] == identifier]
        asked, answered = ([m for m in exchanged if m[19] & 0x20 == side] for side in (0, 0x20))
        keys = next(g for g in reversed(generations) if g.spis == rest[0][:16])
        rest = [m for m in rest if m not in exchanged]
        (first_i, inner_i), (first_r, inner_r) = opened(keys, asked), opened(keys, answered)
        if exchange == 43:  # IKE_INTERMEDIATE
            said["i"] += prf(keys.pi, to_authenticate(asked[0], first_i, inner_i))
            said["r"] += prf(keys.pr, to_authenticate(answered[0], first_r, inner_r))
            keys = Keys(prf, prf(keys.d, secrets[used] + ni + nr), ni + nr, spis, cipher)
            generations.append(keys)
            used += 1
            mixed_in = said["i"] + said["r"] + (int.from_bytes(identifier, "big") + 1).to_bytes(4, "big")
        elif exchange == 36:  # CREATE_CHILD_SA
            of_i, of_r = payloads(first_i, inner_i), payloads(first_r, inner_r)
            if not any(kind == SA for kind, _ in of_r):
                continue  # refused
            nonces = one(of_i, NONCE) + one(of_r, NONCE)
            protocol, spi, transforms = proposal(one(of_r, SA))
            if protocol == IKE:  # the old prf for SKEYSEED, the new one for what comes from it
                seed = keys.prf(keys.d, secrets[used] + nonces)
                generations.append(Keys(Prf(PRFS[transforms[PRF]]), seed, nonces, proposal(one(of_i, SA))[1] + spi, cipher))
                used += 1
            else:
                children.append(keys.prf.plus(keys.d, nonces, 2 * key))
        else:  # IKE_AUTH
            if ppk:
                keys.d, keys.pi, keys.pr = (prf.plus(ppk, k, prf.size) for k in (keys.d, keys.pi, keys.pr))
            of_i, of_r = payloads(first_i, inner_i), payloads(first_r, inner_r)
            signed_i = init_i + nr + prf(keys.pi, one(of_i, IDI)) + mixed_in
            signed_r = init_r + ni + prf(keys.pr, one(of_r, IDR)) + mixed_in
            print("initiator proved" if proved(prf, signed_i, of_i, psk, keys.pi) else "initiator NOT proved")
            print("responder proved" if proved(prf, signed_r, of_r, psk, keys.pr) else "responder NOT proved")
            children.append(prf.plus(keys.d, ni + nr, 2 * key))
    for g in generations:
        print((g.ei + g.ai).hex() + " " + (g.er + g.ar).hex())
    for child in children:
        print(child.hex())
