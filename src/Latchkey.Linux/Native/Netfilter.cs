using System.Runtime.InteropServices;

namespace Latchkey.Linux.Native;

/// <summary><c>struct nfgenmsg</c> (<c>linux/netfilter/nfnetlink.h</c>). The resource is in network byte order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NetfilterHeader
{
    /// <summary>NFNL_MSG_BATCH_BEGIN and NFNL_MSG_BATCH_END.</summary>
    public const ushort BatchBegin = 0x10;
    public const ushort BatchEnd = 0x11;

    public byte Family;
    public byte Version;
    public ushort Resource;
}

/// <summary><c>linux/netfilter/nf_tables.h</c>. Numbers in attributes are in network byte order.</summary>
internal static class NfTables
{
    public const ushort Subsystem = 10;
    public const byte FamilyInet = 1;

    /// <summary>NFT_MSG_NEWSETELEM and NFT_MSG_DELSETELEM.</summary>
    public const ushort NewSetElement = 12;
    public const ushort DeleteSetElement = 14;

    /// <summary>NFTA_SET_ELEM_LIST_TABLE, _SET and _ELEMENTS.</summary>
    public const ushort ElementsTable = 1;
    public const ushort ElementsSet = 2;
    public const ushort ElementsList = 3;

    /// <summary>NFTA_LIST_ELEM, NFTA_SET_ELEM_KEY, NFTA_DATA_VALUE.</summary>
    public const ushort ListElement = 1;
    public const ushort ElementKey = 1;
    public const ushort DataValue = 1;
}

/// <summary><c>linux/netfilter/nfnetlink_log.h</c>. Numbers in attributes are in network byte order.</summary>
internal static class NfLog
{
    public const ushort Subsystem = 4;

    /// <summary>NFULNL_MSG_PACKET and NFULNL_MSG_CONFIG.</summary>
    public const ushort Packet = 0;
    public const ushort Configure = 1;

    /// <summary>NFULA_CFG_CMD with NFULNL_CFG_CMD_BIND.</summary>
    public const ushort Command = 1;
    public const byte Bind = 1;

    /// <summary>NFULA_CFG_MODE: octets of a packet (4), then NFULNL_COPY_PACKET (1) and padding (1).</summary>
    public const ushort Mode = 2;
    public const byte CopyPacket = 2;

    /// <summary>NFULA_CFG_QTHRESH: packets gathered before they are handed over.</summary>
    public const ushort Threshold = 5;

    /// <summary>NFULA_PAYLOAD.</summary>
    public const ushort Payload = 9;
}
