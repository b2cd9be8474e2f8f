using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>RFC 3948 §3.1.2: a NAT changes addresses that checksums inside ESP cover and that it cannot see.</summary>
public class TranslatedTests
{
    private const uint Spi = 0x1001;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Checksums_made_over_other_addresses_are_right_for_the_socket(bool v6)
    {
        foreach (var make in new Func<FlowKey, byte[]>[] { f => Packets.Tcp(f with { Protocol = IpProtocol.Tcp }, TcpFlags.Ack, payload: 33), f => Packets.Udp(f, 33) })
        {
            var delivered = Carry(v6, make, translated: true);
            Assert.True(IsWhole(delivered));
        }
    }

    [Fact]
    public void Without_a_NAT_a_wrong_checksum_stays_wrong()
    {
        Assert.False(IsWhole(Carry(v6: false, f => Packets.Tcp(f with { Protocol = IpProtocol.Tcp }, TcpFlags.Ack, payload: 33), translated: false)));
    }

    [Fact]
    public void A_datagram_without_a_checksum_stays_without_one()
    {
        var delivered = Carry(
            v6: false,
            flow =>
            {
                var packet = Packets.Udp(flow);
                packet.AsSpan(26, 2).Clear();
                return packet;
            },
            translated: true);
        Assert.Equal([0, 0], delivered[26..28]);
    }

    [Fact]
    public void A_message_too_short_for_a_checksum_is_left_as_it_is()
    {
        const int Cut = 3;
        var delivered = Carry(
            v6: true,
            flow =>
            {
                var packet = Packets.Udp(flow, 0)[..(Ipv6View.HeaderLength + Cut)];
                (packet[5], packet[6]) = (Cut, (byte)IpProtocol.Icmp6);
                return packet;
            },
            translated: true);
        Assert.Equal(Ipv6View.HeaderLength + Cut, delivered.Length);
    }

    private static byte[] Carry(bool v6, Func<FlowKey, byte[]> make, bool translated) => Assert.Single(CarryAll(v6, make, translated));

    /// <summary>A packet from behind a NAT, as it reaches a socket outside.</summary>
    private static List<byte[]> CarryAll(bool v6, Func<FlowKey, byte[]> make, bool translated)
    {
        var (inner, outer, server) = v6
            ? (InetAddress.Parse("fd00::7"), InetAddress.Parse("2001:db8::99"), InetAddress.Parse("2001:db8::1"))
            : (InetAddress.Parse("10.0.0.7"), InetAddress.Parse("198.51.100.99"), InetAddress.Parse("192.0.2.1"));
        using var client = new Host(inner);
        using var host = new Host(server);
        client.Install(SaDirection.Outbound, server, Spi);
        host.Install(SaDirection.Inbound, outer, Spi, translated: translated);
        foreach (var protocol in new[] { IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Icmp6 })
        {
            var (from, to) = protocol == IpProtocol.Icmp6 ? ((ushort)0, (ushort)0) : ((ushort)40_000, (ushort)179);
            var flow = new FlowKey(protocol, inner, from, server, to);
            client.Datapath.Bind(flow, Host.Channel);
            host.Datapath.Bind(flow.Reversed with { Remote = outer }, Host.Channel);
        }

        client.Send(make(new FlowKey(IpProtocol.Udp, inner, 40_000, server, 179)));
        client.Udp.TakeSent().ForEach(p => host.Receive(p.Octets, outer));
        return host.Delivered();
    }

    private static bool IsWhole(byte[] octets) =>
        IpPacket.Read(octets, out var packet) == IpPacketKind.Whole
        && InternetChecksum.OfUpperLayer(packet.Source, packet.Destination, packet.Protocol, octets.AsSpan(packet.UpperOffset)) == 0;
}
