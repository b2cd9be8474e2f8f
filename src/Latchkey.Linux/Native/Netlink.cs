using System.Runtime.InteropServices;

namespace Latchkey.Linux.Native;

/// <summary><c>linux/netlink.h</c>.</summary>
internal static class NetlinkAbi
{
    public const int Route = 0;
    public const int SockDiag = 4;
    public const int Netfilter = 12;

    public const int LevelNetlink = 270;
    public const int OptionExtendedAck = 11;

    public const ushort TypeError = 2;
    public const ushort TypeDone = 3;

    public const ushort FlagRequest = 0x1;
    public const ushort FlagAck = 0x4;
    public const ushort FlagDump = 0x300;
    public const ushort FlagReplace = 0x100;
    public const ushort FlagExclusive = 0x200;
    public const ushort FlagCreate = 0x400;

    /// <summary>NLM_F_DUMP_INTR: what was listed changed meanwhile; the list must be asked for again.</summary>
    public const ushort FlagDumpInterrupted = 0x10;

    /// <summary>NLM_F_CAPPED and NLM_F_ACK_TLVS of an error message.</summary>
    public const ushort FlagCapped = 0x100;
    public const ushort FlagAckAttributes = 0x200;

    /// <summary>NLMSGERR_ATTR_MSG.</summary>
    public const ushort ErrorMessageText = 1;

    public const ushort AttributeNested = 0x8000;
    public const ushort AttributeTypeMask = 0x3fff;
}

/// <summary><c>struct sockaddr_nl</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NetlinkAddress
{
    public ushort Family;
    private readonly ushort _padding;
    public uint PortId;
    public uint Groups;
}

/// <summary><c>struct nlmsghdr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NetlinkHeader
{
    public const int Size = 16;

    public uint Length;
    public ushort Type;
    public ushort Flags;
    public uint Sequence;
    public uint PortId;
}
