using System.Runtime.InteropServices;

namespace Latchkey.Linux.Native;

/// <summary><c>sys/socket.h</c> with <c>asm-generic/socket.h</c> and <c>bits/socket.h</c>.</summary>
internal static partial class Socket
{
    public const int FamilyInet = 2;
    public const int FamilyInet6 = 10;
    public const int FamilyNetlink = 16;

    public const int TypeDatagram = 2;
    public const int TypeRaw = 3;
    public const int TypeCloseOnExec = 0x80000;

    public const int LevelSocket = 1;
    public const int OptionMark = 36;
    public const int OptionSendBufferForce = 32;
    public const int OptionReceiveBufferForce = 33;

    /// <summary>SO_MEMINFO: <see cref="MemoryInformationWords"/> numbers, of which the last counts packets dropped for want of room.</summary>
    public const int OptionMemoryInformation = 55;

    public const int MemoryInformationWords = 9;

    public const int LevelUdp = 17;

    /// <summary>UDP_SEGMENT: octets of each datagram that a larger buffer is cut into (udp(7)).</summary>
    public const int UdpSegment = 103;

    /// <summary>UDP_GRO: datagrams of one size may be received together.</summary>
    public const int UdpReceiveCoalesced = 104;

    public const int MessageTruncated = 0x20;
    public const int MessageDontWait = 0x40;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial FileDescriptor Create(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static unsafe partial int Bind(FileDescriptor socket, void* address, uint length);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    public static unsafe partial int Connect(FileDescriptor socket, void* address, uint length);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetOption(FileDescriptor socket, int level, int option, in int value, uint length);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int GetOption(FileDescriptor socket, int level, int option, ref int value, ref uint length);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static unsafe partial nint Receive(FileDescriptor socket, void* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static unsafe partial nint Send(FileDescriptor socket, void* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    public static unsafe partial nint SendTo(FileDescriptor socket, void* buffer, nuint length, int flags, SocketAddress* address, uint addressLength);

    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    public static unsafe partial int ReceiveMany(FileDescriptor socket, MultiMessageHeader* messages, uint count, int flags, void* timeout);

    [LibraryImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    public static unsafe partial int SendMany(FileDescriptor socket, MultiMessageHeader* messages, uint count, int flags);
}

/// <summary><c>struct iovec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Base;
    public nuint Length;
}

/// <summary><c>struct msghdr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    public SocketAddress* Name;
    public uint NameLength;
    public IoVector* Vectors;
    public nuint VectorCount;
    public byte* Control;
    public nuint ControlLength;
    public int Flags;
}

/// <summary><c>struct mmsghdr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MultiMessageHeader
{
    public MessageHeader Header;
    public uint Length;
}

/// <summary><c>struct cmsghdr</c>; the data follow at once, as both are 8-byte aligned.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ControlHeader
{
    public nuint Length;
    public int Level;
    public int Type;
}
