namespace Latchkey.Wire;

/// <summary>ICMP message types (RFC 792).</summary>
public enum IcmpType : byte
{
    EchoReply = 0,
    DestinationUnreachable = 3,
    EchoRequest = 8,
    TimeExceeded = 11,
}

/// <summary>Codes of <see cref="IcmpType.DestinationUnreachable"/> (RFC 792, RFC 1812 §5.2.7.1).</summary>
public enum IcmpUnreachableCode : byte
{
    Net = 0,
    Host = 1,
    Protocol = 2,
    Port = 3,
    FragmentationNeeded = 4,
    AdministrativelyProhibited = 13,
}

/// <summary>ICMPv6 message types (RFC 4443).</summary>
public enum Icmp6Type : byte
{
    DestinationUnreachable = 1,
    PacketTooBig = 2,
    TimeExceeded = 3,
    EchoRequest = 128,
    EchoReply = 129,
}

/// <summary>Codes of <see cref="Icmp6Type.DestinationUnreachable"/> (RFC 4443 §3.1).</summary>
public enum Icmp6UnreachableCode : byte
{
    NoRoute = 0,
    AdministrativelyProhibited = 1,
    Address = 3,
    Port = 4,
}
