using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Latchkey.Wire;

namespace Latchkey.Linux.Native;

/// <summary><c>linux/in.h</c> and <c>linux/in6.h</c>: socket options of IPv4 and IPv6.</summary>
internal static class Inet
{
    public const int LevelIp = 0;
    public const int IpTypeOfService = 1;
    public const int IpPacketInfo = 8;
    public const int IpMtuDiscover = 10;
    public const int IpReceiveTypeOfService = 13;
    public const int IpMtu = 14;

    public const int LevelIpv6 = 41;
    public const int Ipv6MtuDiscover = 23;
    public const int Ipv6Mtu = 24;
    public const int Ipv6Only = 26;
    public const int Ipv6ReceivePacketInfo = 49;
    public const int Ipv6PacketInfo = 50;
    public const int Ipv6ReceiveTrafficClass = 66;
    public const int Ipv6TrafficClass = 67;

    /// <summary>IP_PMTUDISC_WANT: fragment here what exceeds the known path MTU, and go on learning it.</summary>
    public const int DiscoverWant = 1;

    /// <summary>IP_PMTUDISC_DO: never fragment; EMSGSIZE for what exceeds the known path MTU.</summary>
    public const int DiscoverDo = 2;
}

/// <summary><c>struct sockaddr_in</c> and <c>struct sockaddr_in6</c> in one: the longer of both, family first.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal unsafe struct SocketAddress
{
    public const int Size = 28;
    public const int InetSize = 16;

    [FieldOffset(0)]
    public ushort Family;

    [FieldOffset(2)]
    private fixed byte _port[2];

    [FieldOffset(4)]
    private fixed byte _inet[4];

    [FieldOffset(8)]
    private fixed byte _inet6[16];

    public readonly uint Length => Family == Socket.FamilyInet6 ? (uint)Size : InetSize;

    public static SocketAddress From(InetEndpoint endpoint)
    {
        var result = new SocketAddress { Family = (ushort)(endpoint.Address.IsV6 ? Socket.FamilyInet6 : Socket.FamilyInet) };
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(result._port, 2), endpoint.Port);
        endpoint.Address.CopyTo(endpoint.Address.IsV6 ? new Span<byte>(result._inet6, 16) : new Span<byte>(result._inet, 4));
        return result;
    }

    public InetEndpoint ToEndpoint()
    {
        fixed (SocketAddress* self = &this)
        {
            var address = Family == Socket.FamilyInet6 ? new Span<byte>(self->_inet6, 16) : new Span<byte>(self->_inet, 4);
            return new InetEndpoint(InetAddress.FromBytes(address), BinaryPrimitives.ReadUInt16BigEndian(new Span<byte>(self->_port, 2)));
        }
    }
}

/// <summary><c>struct in_pktinfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct InetPacketInfo
{
    public int InterfaceIndex;

    /// <summary>Local address: of the packet's way in, or to send from.</summary>
    public fixed byte Local[4];

    /// <summary>Destination in the packet's header.</summary>
    public fixed byte Destination[4];
}

/// <summary><c>struct in6_pktinfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Inet6PacketInfo
{
    public fixed byte Local[16];
    public int InterfaceIndex;
}
