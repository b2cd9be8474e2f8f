using System.Runtime.InteropServices;

namespace Latchkey.Linux.Native;

/// <summary><c>linux/rtnetlink.h</c>, <c>linux/if_link.h</c>, <c>linux/if_addr.h</c>, <c>linux/fib_rules.h</c>.</summary>
internal static class Rtnetlink
{
    public const ushort NewLink = 16;
    public const ushort GetLink = 18;
    public const ushort NewAddress = 20;
    public const ushort GetAddress = 22;
    public const ushort NewRoute = 24;
    public const ushort DeleteRoute = 25;
    public const ushort GetRoute = 26;
    public const ushort NewRule = 32;
    public const ushort DeleteRule = 33;
    public const ushort GetRule = 34;

    public const uint GroupLink = 0x1;
    public const uint GroupInetAddress = 0x10;
    public const uint GroupInetRoute = 0x40;
    public const uint GroupInet6Address = 0x100;
    public const uint GroupInet6Route = 0x400;

    public const uint InterfaceUp = 0x1;
    public const uint InterfaceLoopback = 0x8;

    public const ushort LinkName = 3;
    public const ushort LinkMtu = 4;
    public const ushort LinkTransmitQueue = 13;
    public const ushort LinkStatistics64 = 23;
    public const int StatisticsTransmitDropped = 7 * sizeof(ulong);
    public const ushort LinkAfSpec = 26;
    public const ushort LinkInet6AddressGeneration = 8;
    public const byte AddressGenerationNone = 1;

    public const ushort AddressAddress = 1;
    public const ushort AddressLocal = 2;
    public const ushort AddressFlags = 8;
    public const uint AddressDadFailed = 0x08;

    public const ushort RouteDestination = 1;
    public const ushort RouteOutputInterface = 4;
    public const ushort RoutePriority = 6;
    public const ushort RoutePreferredSource = 7;
    public const ushort RouteMetrics = 8;
    public const ushort RouteTable = 15;
    public const ushort RouteMark = 16;
    public const ushort MetricMtu = 2;

    public const byte RouteUnicast = 1;
    public const byte RouteLocal = 2;
    public const byte RouteProhibit = 8;
    public const byte ScopeUniverse = 0;
    public const byte ScopeLink = 253;
    public const byte ScopeHost = 254;

    public const uint TableLocal = 255;

    public const ushort RuleDestination = 1;
    public const ushort RuleSource = 2;
    public const ushort RuleInputInterface = 3;
    public const ushort RuleGoto = 4;
    public const ushort RulePriority = 6;
    public const ushort RuleMark = 10;
    public const ushort RuleTable = 15;
    public const ushort RuleMarkMask = 16;
    public const ushort RuleProtocol = 21;
    public const ushort RuleIpProtocol = 22;
    public const ushort RuleSourcePorts = 23;
    public const ushort RuleDestinationPorts = 24;

    public const byte RuleToTable = 1;
    public const byte RuleGotoRule = 2;
    public const byte RuleNothing = 3;
}

/// <summary><c>struct ifinfomsg</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinkMessage
{
    public byte Family;
    private readonly byte _padding;
    public ushort Type;
    public int Index;
    public uint Flags;
    public uint Change;
}

/// <summary><c>struct ifaddrmsg</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AddressMessage
{
    public byte Family;
    public byte PrefixLength;
    public byte Flags;
    public byte Scope;
    public uint Index;
}

/// <summary><c>struct rtmsg</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RouteMessage
{
    public byte Family;
    public byte DestinationLength;
    public byte SourceLength;
    public byte Tos;
    public byte Table;
    public byte Protocol;
    public byte Scope;
    public byte Type;
    public uint Flags;
}

/// <summary><c>struct fib_rule_hdr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RuleMessage
{
    public byte Family;
    public byte DestinationLength;
    public byte SourceLength;
    public byte Tos;
    public byte Table;
    private readonly byte _reserved1;
    private readonly byte _reserved2;
    public byte Action;
    public uint Flags;
}

/// <summary><c>struct fib_rule_port_range</c>; host byte order, both ends included.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RulePortRange
{
    public ushort Start;
    public ushort End;
}
