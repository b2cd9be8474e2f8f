using Xunit;

namespace Latchkey.Wire.Tests;

public class IpPacketTests
{
    private static readonly InetAddress A = InetAddress.Parse("2001:db8::1");
    private static readonly InetAddress B = InetAddress.Parse("2001:db8::2");

    [Fact]
    public void An_outbound_packet_names_its_flow_as_this_host_sees_it()
    {
        var (local, remote) = (InetAddress.Parse("192.0.2.1"), InetAddress.Parse("192.0.2.2"));
        var bytes = new byte[40];
        new TcpHeader(1000, 179, 1, 0, TcpFlags.Syn, 100).Write(bytes.AsSpan(20), local, remote);
        new Ipv4Header(local, remote, IpProtocol.Tcp).Write(bytes, 20);

        Assert.Equal(IpPacketKind.Whole, IpPacket.Read(bytes, out var packet));
        Assert.Equal(new FlowKey(IpProtocol.Tcp, local, 1000, remote, 179), packet.OutboundFlow);
        Assert.Equal(20, packet.ProtectedOffset);
    }

    [Fact]
    public void A_fragment_has_no_flow()
    {
        var bytes = new byte[44];
        new Ipv4Header(InetAddress.Parse("192.0.2.1"), InetAddress.Parse("192.0.2.2"), IpProtocol.Udp, MoreFragments: true).Write(bytes, 24);
        Assert.Equal(IpPacketKind.Fragment, IpPacket.Read(bytes, out _));
    }

    [Fact]
    public void Esp_goes_behind_routing_headers_and_before_the_last_destination_options()
    {
        // destination options, routing (no segments left), destination options, UDP: RFC 4303 §3.1.1
        var packet = V6(IpProtocol.DestinationOptions, Extension(IpProtocol.Routing), Extension(IpProtocol.DestinationOptions), Extension(IpProtocol.Udp), Udp());
        Assert.Equal(IpPacketKind.Whole, IpPacket.Read(packet, out var read));
        Assert.Equal((IpProtocol.DestinationOptions, 40 + 16), (read.ProtectedProtocol, read.ProtectedOffset));
        Assert.Equal((IpProtocol.Udp, 40 + 24), (read.Protocol, read.UpperOffset));
    }

    [Fact]
    public void A_packet_with_routing_segments_left_has_no_flow_yet()
    {
        var routing = Extension(IpProtocol.Udp);
        routing[3] = 1;
        Assert.Equal(IpPacketKind.Unsupported, IpPacket.Read(V6(IpProtocol.Routing, routing, Udp()), out _));
    }

    [Fact]
    public void Hop_by_hop_options_come_first_or_the_packet_is_malformed() =>
        Assert.Equal(
            IpPacketKind.Malformed,
            IpPacket.Read(V6(IpProtocol.DestinationOptions, Extension(IpProtocol.HopByHop), Extension(IpProtocol.Udp), Udp()), out _));

    [Theory]
    [InlineData(Ipv6Extensions.MaximumHeaders, IpPacketKind.Whole)]
    [InlineData(Ipv6Extensions.MaximumHeaders + 1, IpPacketKind.Malformed)]
    public void The_number_of_extension_headers_is_bounded(int headers, IpPacketKind expected)
    {
        var chain = Enumerable.Range(1, headers).Select(i => Extension(i == headers ? IpProtocol.Udp : IpProtocol.DestinationOptions));
        Assert.Equal(expected, IpPacket.Read(V6(IpProtocol.DestinationOptions, [.. chain, Udp()]), out _));
    }

    [Fact]
    public void The_data_of_a_later_fragment_is_not_walked()
    {
        var header = new byte[8];
        new FragmentHeader(IpProtocol.DestinationOptions, 1448, MoreFragments: true, 7).Write(header);
        Assert.Equal(IpPacketKind.Fragment, IpPacket.Read(V6(IpProtocol.Fragment, header, [1, 255, 3]), out _));
    }

    private static byte[] Extension(IpProtocol next) => [(byte)next, 0, 0, 0, 0, 0, 0, 0];

    private static byte[] Udp()
    {
        var datagram = new byte[9];
        new UdpHeader(5, 6).Write(datagram, A, B);
        return datagram;
    }

    private static byte[] V6(IpProtocol first, params byte[][] parts)
    {
        var payload = parts.SelectMany(p => p).ToArray();
        var packet = new byte[40 + payload.Length];
        new Ipv6Header(A, B, first).Write(packet, payload.Length);
        payload.CopyTo(packet, 40);
        return packet;
    }
}
