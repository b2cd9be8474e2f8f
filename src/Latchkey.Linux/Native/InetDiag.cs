using System.Runtime.InteropServices;

namespace Latchkey.Linux.Native;

/// <summary><c>linux/sock_diag.h</c> and <c>linux/inet_diag.h</c>.</summary>
internal static class InetDiag
{
    public const ushort ByFamily = 20;
    public const uint NoCookie = uint.MaxValue;
}

/// <summary><c>struct inet_diag_sockid</c>. Ports and addresses are in network order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct InetDiagSocketId
{
    public fixed byte LocalPort[2];
    public fixed byte RemotePort[2];
    public fixed byte Local[16];
    public fixed byte Remote[16];
    public uint Interface;
    public uint Cookie0;
    public uint Cookie1;
}

/// <summary><c>struct inet_diag_req_v2</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InetDiagRequest
{
    public byte Family;
    public byte Protocol;
    public byte Extensions;
    private readonly byte _padding;

    /// <summary>A bit for each TCP state wanted.</summary>
    public uint States;
    public InetDiagSocketId Id;
}

/// <summary><c>struct inet_diag_msg</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InetDiagMessage
{
    public byte Family;
    public byte State;
    public byte Timer;
    public byte Retransmits;
    public InetDiagSocketId Id;
    public uint Expires;
    public uint ReceiveQueue;
    public uint SendQueue;
    public uint User;
    public uint Inode;
}
