"""Runs a program on a kernel that has no segmentation offload: python3 without_offload.py COMMAND...

A seccomp filter answers as an old kernel does: UDP_SEGMENT and UDP_GRO are options it has never heard of, and TUN devices
cannot be asked to take super-segments. Everything else is as it is.
"""
import ctypes
import errno
import os
import struct
import sys

LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
NUMBER, ARGUMENT_1, ARGUMENT_2 = 0, 24, 32  # of struct seccomp_data; the low halves
ALLOW, FAIL = 0x7FFF0000, 0x00050000
SETSOCKOPT, IOCTL = (54, 16) if os.uname().machine == "x86_64" else (208, 29)
SOL_UDP, UDP_SEGMENT, UDP_GRO = 17, 103, 104
TUNSETOFFLOAD = 0x400454D0

PROGRAM = [
    (LOAD, 0, 0, NUMBER),
    (JUMP_IF_EQUAL, 0, 6, SETSOCKOPT),
    (LOAD, 0, 0, ARGUMENT_1),
    (JUMP_IF_EQUAL, 0, 7, SOL_UDP),
    (LOAD, 0, 0, ARGUMENT_2),
    (JUMP_IF_EQUAL, 1, 0, UDP_SEGMENT),
    (JUMP_IF_EQUAL, 0, 4, UDP_GRO),
    (RETURN, 0, 0, FAIL | errno.ENOPROTOOPT),
    (JUMP_IF_EQUAL, 0, 2, IOCTL),
    (LOAD, 0, 0, ARGUMENT_1),
    (JUMP_IF_EQUAL, 1, 0, TUNSETOFFLOAD),
    (RETURN, 0, 0, ALLOW),
    (RETURN, 0, 0, FAIL | errno.EINVAL),
]


class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("program", ctypes.c_void_p)]


def main():
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in PROGRAM))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong]
    wanted = Filter(len(PROGRAM), ctypes.addressof(program))
    if libc.prctl(22, 2, ctypes.byref(wanted), 0, 0) != 0:  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        raise OSError(ctypes.get_errno(), "the filter is refused")
    os.execvp(sys.argv[1], sys.argv[1:])


main()
