"""The way to one neighbour, for programs that forge packets: any source address, but frames with this host's own card.

Whoever lies about its card as well would take the peer's place at the switch; that is another story. The neighbour's
card is asked for once, by the kernel; scapy's own asking takes a second for each IPv6 packet that nobody answers.
"""
import json
import socket
import struct
import subprocess


def ask(*command):
    return json.loads(subprocess.run(["ip", "-json", *command], capture_output=True, text=True, check=True).stdout)


class Link:
    def __init__(self, target):
        subprocess.run(["ping", "-c", "1", "-W", "5", target], stdout=subprocess.DEVNULL)
        device = ask("route", "get", target)[0]["dev"]
        neighbours = [n["lladdr"] for n in ask("neigh", "show", "to", target, "dev", device) if "lladdr" in n]
        if not neighbours:
            raise SystemExit(f"{target} is no neighbour on {device}")
        own = ask("link", "show", "dev", device)[0]["address"]
        self.header = b"".join(bytes.fromhex(mac.replace(":", "")) for mac in (neighbours[0], own))
        self.header += struct.pack("!H", 0x86DD if ":" in target else 0x0800)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((device, 0))

    def send(self, packet):
        self.socket.send(self.header + bytes(packet))
