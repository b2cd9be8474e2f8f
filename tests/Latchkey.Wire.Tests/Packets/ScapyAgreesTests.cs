using Latchkey.Judges;
using Xunit;

namespace Latchkey.Wire.Tests;

/// <summary>The same packets, written by us and by scapy, octet for octet.</summary>
public class ScapyAgreesTests
{
    private static readonly byte[] Data = "latched"u8.ToArray();

    [Fact]
    public void Packets_are_those_that_scapy_writes()
    {
        var lines = Scapy.Run(
            """
            def out(p): print(bytes(p).hex())
            out(IP(src="192.0.2.1", dst="198.51.100.2", ttl=33, tos=0x28, id=0x1234, flags="DF", options=[IPOption_Router_Alert()])/UDP(sport=53, dport=4500)/b"latched")
            out(IP(src="192.0.2.1", dst="198.51.100.2", id=1)/TCP(sport=1, dport=179, seq=0x80000001, ack=7, flags="SA", window=4096, options=[("MSS", 1460), ("NOP", None), ("WScale", 7)])/b"latched")
            out(IPv6(src="2001:db8::1", dst="2001:db8::2", hlim=9, tc=0x28, fl=0xabcde)/UDP(sport=53, dport=4500)/b"latched")
            out(IPv6(src="2001:db8::1", dst="2001:db8::2")/TCP(sport=1, dport=179, seq=9, flags="R", window=0))
            out(IP(src="192.0.2.1", dst="198.51.100.2", id=1)/ICMP(type=3, code=4, nexthopmtu=1400)/b"latched")
            out(IPv6(src="2001:db8::1", dst="2001:db8::2")/ICMPv6PacketTooBig(mtu=1280)/b"latched")
            out(IPv6(src="2001:db8::1", dst="2001:db8::2")/ICMPv6EchoRequest(id=3, seq=4)/b"latched")
            """);
        var (a4, b4) = (InetAddress.Parse("192.0.2.1"), InetAddress.Parse("198.51.100.2"));
        var (a6, b6) = (InetAddress.Parse("2001:db8::1"), InetAddress.Parse("2001:db8::2"));

        Assert.Equal(lines[0], V4(new(a4, b4, IpProtocol.Udp, 33, 0x28, 0x1234, DontFragment: true), Udp(a4, b4), [0x94, 4, 0, 0]));
        Assert.Equal(lines[1], V4(new(a4, b4, IpProtocol.Tcp, Identification: 1), Tcp(new(1, 179, 0x80000001, 7, TcpFlags.Syn | TcpFlags.Ack, 4096), a4, b4, [2, 4, 5, 180, 1, 3, 3, 7], Data)));
        Assert.Equal(lines[2], V6(new(a6, b6, IpProtocol.Udp, 9, 0x28, 0xabcde), Udp(a6, b6)));
        Assert.Equal(lines[3], V6(new(a6, b6, IpProtocol.Tcp), Tcp(new(1, 179, 9, 0, TcpFlags.Rst, 0), a6, b6, [], [])));

        byte[] message = [.. new byte[8], .. Data];
        new IcmpHeader((byte)IcmpType.DestinationUnreachable, (byte)IcmpUnreachableCode.FragmentationNeeded, 1400).WriteV4(message);
        Assert.Equal(lines[4], V4(new(a4, b4, IpProtocol.Icmp, Identification: 1), message));
        new IcmpHeader((byte)Icmp6Type.PacketTooBig, 0, 1280).WriteV6(message, a6, b6);
        Assert.Equal(lines[5], V6(new(a6, b6, IpProtocol.Icmp6), message));
        new IcmpHeader((byte)Icmp6Type.EchoRequest, 0, 3 << 16 | 4).WriteV6(message, a6, b6);
        Assert.Equal(lines[6], V6(new(a6, b6, IpProtocol.Icmp6), message));
    }

    private static byte[] Udp(InetAddress source, InetAddress destination)
    {
        byte[] datagram = [.. new byte[8], .. Data];
        new UdpHeader(53, 4500).Write(datagram, source, destination);
        return datagram;
    }

    private static byte[] Tcp(TcpHeader header, InetAddress source, InetAddress destination, byte[] options, byte[] payload)
    {
        byte[] segment = [.. new byte[20 + options.Length], .. payload];
        header.Write(segment, source, destination, options);
        return segment;
    }

    private static string V4(Ipv4Header header, byte[] payload, byte[]? options = null)
    {
        var packet = new byte[60];
        var length = header.Write(packet, payload.Length, options);
        return Convert.ToHexStringLower([.. packet.AsSpan(0, length), .. payload]);
    }

    private static string V6(Ipv6Header header, byte[] payload)
    {
        var packet = new byte[40];
        header.Write(packet, payload.Length);
        return Convert.ToHexStringLower([.. packet, .. payload]);
    }
}
