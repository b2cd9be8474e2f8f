using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

public class PathTests
{
    [Fact]
    public void The_inner_mtu_is_the_largest_packet_whose_protected_form_fits()
    {
        foreach (var algorithm in Algorithms.Aeads.Concat(Algorithms.OldCiphers))
        {
            foreach (var encapsulation in Enum.GetValues<Encapsulation>())
            {
                using var pair = new Pair(algorithm: algorithm, encapsulation: encapsulation);
                var around = 20 + (encapsulation == Encapsulation.Udp ? 8 : 0);
                for (var outer = 1280; outer < 1290; outer++)
                {
                    var inner = EspOverhead.InnerMtu(outer, isV6: false, encapsulation, algorithm);
                    Assert.InRange(around + Sealed(inner), outer - (Math.Max(EspTrailer.Alignment, algorithm.BlockLength) - 1), outer);
                    Assert.True(around + Sealed(inner + 1) > outer);
                }

                int Sealed(int inner)
                {
                    pair.C.Send(Packets.Udp(pair.Udp, inner - 28));
                    return pair.C.Udp.TakeSent().Concat(pair.C.Esp.TakeSent()).Single().Octets.Length;
                }
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_segment_too_big_for_the_path_makes_the_narrowed_path_known_once(bool v6)
    {
        using var pair = new Pair(v6);
        const int PathMtu = 1400;
        pair.C.Udp.Limit = (PathMtu - (v6 ? 48 : 28), PathMtu);
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 1400), Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 1400));
        Assert.Empty(pair.C.Udp.TakeSent());
        Assert.Equal(2, pair.C.Drops(DropReason.PathMtuExceeded));
        Assert.Equal($"narrowed {pair.Tcp.Remote}", Assert.Single(pair.C.Events.Take()));
        Assert.Empty(pair.C.Delivered());

        var inner = EspOverhead.InnerMtu(PathMtu, v6, Encapsulation.Udp, Algorithms.Aeads[0]);
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: inner - (v6 ? 60 : 40)));
        Assert.Single(pair.C.Udp.TakeSent());
    }

    [Fact]
    public void A_datagram_that_may_be_fragmented_is_sent_in_fragments()
    {
        using var pair = new Pair();
        pair.C.Udp.Limit = (1200, 1228);
        pair.C.Send(Packets.Udp(pair.Udp, payload: 1400), Packets.Udp(pair.Udp, payload: 1400, dontFragment: true));
        Assert.True(Assert.Single(pair.C.Udp.TakeSent()).MayFragment);
        Assert.Equal(1, pair.C.Drops(DropReason.PathMtuExceeded));
    }

    [Fact]
    public void Ipv6_packets_up_to_1280_octets_always_pass()
    {
        using var pair = new Pair(v6: true);
        pair.C.Udp.Limit = (1232, 1280);
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 1280 - 60));
        Assert.True(Assert.Single(pair.C.Udp.TakeSent()).MayFragment);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_mss_of_passing_syns_is_lowered_to_what_fits(bool v6)
    {
        using var pair = new Pair(v6);
        var header = v6 ? 60 : 40;
        var expected = EspOverhead.InnerMtu(1500, v6, Encapsulation.Udp, Algorithms.Aeads[0]) - header;
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Syn, options: [2, 4, 5, 220]));
        pair.C.CarryTo(pair.W);
        Assert.Equal(expected, Mss(Assert.Single(pair.W.Delivered())));

        // A foreign peer does not clamp: what it announces is lowered when it is delivered.
        pair.W.Udp.Limit = (1000, 1300);
        pair.W.Send(Packets.Tcp(pair.Tcp.Reversed, TcpFlags.Ack, payload: 1300));
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Syn, options: [2, 4, 5, 220]));
        pair.C.CarryTo(pair.W);
        Assert.Equal(EspOverhead.InnerMtu(1300, v6, Encapsulation.Udp, Algorithms.Aeads[0]) - header, Mss(pair.W.Delivered()[^1]));

        static int? Mss(byte[] packet)
        {
            Assert.Equal(IpPacketKind.Whole, IpPacket.Read(packet, out var read));
            Assert.True(TcpView.TryCreate(packet.AsSpan(read.UpperOffset), out var tcp));
            Assert.True(tcp.HasValidChecksum(read.Source, read.Destination));
            return TcpOptions.MaximumSegmentSize(tcp.Options);
        }
    }
}
