"""Tells the neighbours that an address is here now: announce.py DEVICE ADDRESS

IPv4: gratuitous ARP (RFC 5227 section 3). IPv6: unsolicited neighbour advertisement with the override flag
(RFC 4861 section 7.2.6). The kernel does the same on its own (arp_notify, ndisc_notify), but only when the
device comes up, not when the switch's end of the cable is plugged in.
"""
import socket
import struct
import sys

device, address = sys.argv[1:]
with open(f"/sys/class/net/{device}/address") as file:
    mac = bytes.fromhex(file.read().strip().replace(":", ""))


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


if ":" in address:
    me = socket.inet_pton(socket.AF_INET6, address)
    everyone = socket.inet_pton(socket.AF_INET6, "ff02::1")
    # Flags: override. Option 2: target link-layer address.
    body = struct.pack("!I", 0x20000000) + me + struct.pack("!BB", 2, 1) + mac
    pseudo = me + everyone + struct.pack("!II", 4 + len(body), 58)
    icmp = struct.pack("!BBH", 136, 0, checksum(pseudo + struct.pack("!BBH", 136, 0, 0) + body)) + body
    packet = struct.pack("!IHBB", 6 << 28, len(icmp), 58, 255) + me + everyone + icmp
    frame = bytes.fromhex("333300000001") + mac + struct.pack("!H", 0x86DD) + packet
else:
    me = socket.inet_aton(address)
    arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + me + b"\0" * 6 + me
    frame = b"\xff" * 6 + mac + struct.pack("!H", 0x0806) + arp

with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
    wire.bind((device, 0))
    wire.send(frame)
