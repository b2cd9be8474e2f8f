using System.Buffers.Binary;
using CsCheck;
using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>Segmentation and coalescing against <see cref="SlowOffload"/>, which shares no code with them.</summary>
public class OffloadTests
{
    private sealed record Super(bool V6, bool Tcp, int Payload, int Size, byte Flags, int Options, bool DestinationOptions, uint Sequence);

    private static readonly Gen<Super> AnySuper =
        from v6 in Gen.Bool
        from tcp in Gen.Bool
        from size in Gen.Int[8, 1400]
        from pieces in Gen.Double[1.001, 60]
        from flags in Gen.OneOf(Gen.Const<byte>(0x10), Gen.Const<byte>(0x18), Gen.Const<byte>(0x11), Gen.Const<byte>(0x19), Gen.Const<byte>(0x90), Gen.Const<byte>(0xD0), Gen.Const<byte>(0x50))
        from options in Gen.Int[0, 10]
        from extension in Gen.Bool
        from sequence in Gen.UInt
        select new Super(v6, tcp, Math.Min((int)(size * pieces) + 1, 60_000), size, flags, options * 4, extension && v6, sequence);

    [Fact]
    public void A_super_segment_arrives_as_the_segments_it_stands_for()
    {
        AnySuper.Sample(
            super =>
            {
                using var pair = new Pair(super.V6);
                var (packet, upper) = Make(pair, super);
                var made = SlowOffload.Super(packet, upper, super.Size);
                var expected = SlowOffload.Cut(made.Packet, made.Offload);
                pair.C.Send(made);
                Carry(pair);

                var delivered = pair.W.Delivered();
                Assert.Equal(expected.Select(Upper), delivered.Select(Upper));
                Assert.All(delivered, p => Assert.True(SlowOffload.IsVerified(p, upper)));
                Assert.Equal(expected.Count, pair.C.Datapath.Sent.Packets);
            },
            iter: 300);
    }

    [Fact]
    public void Segments_have_the_ip_header_of_their_super_segment_where_they_need_one()
    {
        AnySuper.Sample(
            super =>
            {
                using var pair = new Pair(super.V6);
                var (packet, upper) = Make(pair, super);
                var (octets, offload) = SlowOffload.Super(packet, upper, super.Size);
                Assert.Equal(IpPacketKind.Whole, IpPacket.Read(octets, out var read));
                Assert.True(Segmentation.TryCreate(octets, read, offload, first: 0, out var segments));
                var cut = new List<byte[]>();
                for (var i = 0; i < segments.Count; i++)
                {
                    cut.Add(new byte[segments.LengthOf(i)]);
                    segments.Write(i, cut[i]);
                }

                Assert.Equal(SlowOffload.Cut(octets, offload), cut);
            },
            iter: 300);
    }

    [Fact]
    public void A_segment_that_is_laid_out_in_its_super_segment_is_the_same_and_the_room_behind_it_is_the_callers_meanwhile()
    {
        var laid = 0;
        Gen.Select(AnySuper, Gen.Int[1, OutboundSa.LongestTrailer], Gen.Bool).Sample(
            (super, room, whole) =>
            {
                using var pair = new Pair(super.V6);
                var (packet, upper) = Make(pair, super);
                var (octets, offload) = SlowOffload.Super(packet, upper, super.Size);
                Assert.Equal(IpPacketKind.Whole, IpPacket.Read(octets, out var read));
                var first = whole ? 0 : read.ProtectedOffset;
                var expected = SlowOffload.Cut(octets, offload).ConvertAll(p => p[first..]);
                Assert.True(Segmentation.TryCreate(octets, read, offload, first, out var segments));
                for (var i = 0; i < segments.Count; i++)
                {
                    if (segments.TryLay(i, room, out var piece))
                    {
                        Assert.Equal(expected[i].Length + room, piece.Length);
                        Assert.Equal(expected[i], piece[..^room].ToArray());
                        var behind = piece[^room..].ToArray();
                        piece.Fill(0xA5);
                        behind.CopyTo(piece[^room..]);
                        Interlocked.Increment(ref laid);
                    }
                    else
                    {
                        var written = new byte[segments.LengthOf(i)];
                        segments.Write(i, written);
                        Assert.Equal(expected[i], written);
                    }
                }
            },
            iter: 300);
        Assert.True(laid > 300, $"{laid} segments were laid out");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_cut_is_joined_again(bool v6)
    {
        using var pair = new Pair(v6);
        var (packet, upper) = Make(pair, new(v6, Tcp: true, 40_000, 1300, Flags: 0x18, Options: 12, DestinationOptions: false, 7));
        pair.C.Send(SlowOffload.Super(packet, upper, 1300));
        Carry(pair);
        Assert.Equal(31, pair.W.Delivered().Count);
        Assert.Equal([31], pair.W.Tun.Trains);
        Assert.Equal([31], pair.C.Udp.Trains);
        Assert.Equal(31, pair.W.Datapath.Received.Packets);
    }

    [Fact]
    public void Datagrams_of_one_size_are_joined_and_a_shorter_one_is_the_last()
    {
        using var pair = new Pair();
        pair.C.Send([Packets.Udp(pair.Udp, 500), Packets.Udp(pair.Udp, 500), Packets.Udp(pair.Udp, 100), Packets.Udp(pair.Udp, 500)]);
        Assert.Equal([3, 1], pair.C.Udp.Trains);
        Carry(pair);
        Assert.Equal([3, 1], pair.W.Tun.Trains);
        Assert.Equal([500, 500, 100, 500], pair.W.Delivered().Select(p => p.Length - 28));
    }

    [Fact]
    public void A_device_that_does_not_cut_is_given_packets_one_by_one()
    {
        using var pair = new Pair();
        (pair.W.Tun.CutsTcp, pair.W.Tun.CutsUdp) = (false, false);
        pair.C.Send(Row(pair, 5));
        pair.C.Send([Packets.Udp(pair.Udp), Packets.Udp(pair.Udp)]);
        Carry(pair);
        Assert.Equal(Enumerable.Repeat(1, 7), pair.W.Tun.Trains);
    }

    public static TheoryData<string> Differences =>
        ["gap", "repeated", "acknowledgment", "window", "option", "push before", "end before", "urgent", "congestion window reduced", "longer", "checksum", "other flow"];

    /// <summary>As in the kernel: a segment that differs in anything but being the next octets is not joined to its neighbour.</summary>
    [Theory]
    [MemberData(nameof(Differences))]
    public void Segments_that_differ_are_not_joined(string difference)
    {
        using var pair = new Pair();
        var row = Row(pair, 2);
        switch (difference)
        {
            case "gap":
                row[1][27]++;
                break;
            case "repeated":
                row[1] = row[0];
                break;
            case "acknowledgment":
                row[1][31]++;
                break;
            case "window":
                row[1][35]++;
                break;
            case "option":
                row[1][43]++;
                break;
            case "push before":
                row[0][33] |= (byte)TcpFlags.Psh;
                break;
            case "end before":
                row[0][33] |= (byte)TcpFlags.Fin;
                break;
            case "urgent":
                row[1][33] |= (byte)TcpFlags.Urg;
                break;
            case "congestion window reduced":
                row[1][33] |= (byte)TcpFlags.Cwr;
                break;
            case "longer":
                row[0] = [.. row[0][..^1]];
                BinaryPrimitives.WriteUInt16BigEndian(row[0].AsSpan(2), (ushort)row[0].Length);
                row[1][27]--;
                break;
            case "other flow":
                row[1] = Packets.Tcp(pair.Tcp with { LocalPort = 40_001 }, TcpFlags.Ack, 101, 1, 100, [1, 1, 1, 1]);
                pair.C.Datapath.Bind(pair.Tcp with { LocalPort = 40_001 }, Host.Channel);
                pair.W.Datapath.Bind((pair.Tcp with { LocalPort = 40_001 }).Reversed, Host.Channel);
                break;
        }

        if (difference is not ("checksum" or "other flow" or "repeated"))
        {
            Array.ForEach(row, Renew);
        }
        else if (difference == "checksum")
        {
            row[1][^1]++;
        }

        pair.C.Send(row);
        Carry(pair);
        Assert.Equal([1, 1], pair.W.Tun.Trains);
        Assert.Equal(row.Select(Upper), pair.W.Delivered().Select(Upper));
    }

    [Theory]
    [InlineData(TcpFlags.Psh)]
    [InlineData(TcpFlags.Fin)]
    public void The_last_segment_of_a_row_ends_it(TcpFlags flag)
    {
        using var pair = new Pair();
        var row = Row(pair, 4);
        row[2][33] |= (byte)flag;
        Renew(row[2]);
        pair.C.Send(row);
        Carry(pair);
        Assert.Equal([3, 1], pair.W.Tun.Trains);
        Assert.Equal(row.Select(Upper), pair.W.Delivered().Select(Upper));
    }

    [Fact]
    public void What_is_lost_repeated_and_out_of_order_on_the_way_does_not_change_an_octet()
    {
        Gen.Select(AnySuper.Where(s => s.Tcp), Gen.Int[0, 1_000_000]).Sample(
            (super, seed) =>
            {
                var random = new Random(seed);
                using var pair = new Pair(super.V6);
                var (packet, upper) = Make(pair, super with { Flags = 0x10 });
                var made = SlowOffload.Super(packet, upper, super.Size);
                pair.C.Send(made);
                var sent = pair.C.Udp.TakeSent().Select(p => p.Octets).ToList();
                var arriving = sent.Where(_ => random.Next(10) > 0).SelectMany(p => Enumerable.Repeat(p, random.Next(6) == 0 ? 2 : 1)).ToList();
                for (var i = 0; i < arriving.Count / 4; i++)
                {
                    var (a, b) = (random.Next(arriving.Count), random.Next(arriving.Count));
                    (arriving[a], arriving[b]) = (arriving[b], arriving[a]);
                }

                foreach (var train in TrainsOf(arriving))
                {
                    pair.W.ReceiveTrain(train, pair.C.Address);
                }

                var expected = SlowOffload.Cut(made.Packet, made.Offload);
                var order = arriving.Distinct().Select(p => Upper(expected[sent.IndexOf(p)]));
                Assert.Equal(order, pair.W.Delivered().Select(Upper));
                Assert.Equal(arriving.Count - arriving.Distinct().Count(), pair.W.Drops(DropReason.Replayed));
            },
            iter: 200);
    }

    public static TheoryData<string> Lies =>
        ["no size", "kind of another protocol", "unknown kind", "datagrams of tcp", "checksum behind the end", "checksum over the ports", "checksum over the flags", "checksum of the ip header", "syn", "header longer than the packet"];

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_packet_that_is_not_what_its_header_says_is_dropped_and_counted(string lie)
    {
        using var pair = new Pair();
        var (packet, upper) = Make(pair, new(V6: false, Tcp: true, 5000, 1000, 0x10, 0, false, 1));
        var (octets, offload) = SlowOffload.Super(packet, upper, 1000);
        switch (lie)
        {
            case "no size":
                offload = offload with { SegmentSize = 0 };
                break;
            case "kind of another protocol":
                octets[9] = (byte)IpProtocol.Udp;
                pair.C.Datapath.Bind(pair.Udp, Host.Channel);
                offload = offload with { Kind = SegmentKind.Tcp };
                break;
            case "unknown kind":
                offload = offload with { Kind = SegmentKind.Unknown };
                break;
            case "datagrams of tcp":
                offload = offload with { Kind = SegmentKind.Udp };
                break;
            case "checksum behind the end":
                offload = offload with { Kind = SegmentKind.None, ChecksumStart = (ushort)(octets.Length - 1) };
                break;
            case "checksum over the ports":
                offload = offload with { Kind = SegmentKind.None, ChecksumOffset = 1 };
                break;
            case "checksum over the flags":
                offload = offload with { Kind = SegmentKind.None, ChecksumOffset = 12 };
                break;
            case "checksum of the ip header":
                offload = offload with { Kind = SegmentKind.None, ChecksumStart = 0, ChecksumOffset = 20 + 16 };
                break;
            case "syn":
                octets[33] |= (byte)TcpFlags.Syn;
                break;
            case "header longer than the packet":
                octets = octets[..44];
                octets[32] = 0xF0;
                BinaryPrimitives.WriteUInt16BigEndian(octets.AsSpan(2), 44);
                break;
        }

        pair.C.Send((octets, offload));
        Assert.Empty(pair.C.Udp.TakeSent());
        Assert.Equal(1, pair.C.Drops(DropReason.Malformed));
    }

    [Fact]
    public void Whatever_a_header_says_nothing_but_a_drop_comes_of_it()
    {
        var offload =
            from kind in Gen.Byte[0, 3]
            from size in Gen.UShort
            from header in Gen.UShort
            from needs in Gen.Bool
            from start in Gen.UShort
            from at in Gen.UShort
            select new PacketOffload((SegmentKind)kind, size, header, needs, start, at);
        Gen.Select(offload, Gen.Byte.Array[0, 200], Gen.Bool).Sample(
            (o, noise, tcp) =>
            {
                using var pair = new Pair();
                var packet = tcp ? Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: noise.Length) : Packets.Udp(pair.Udp, noise.Length);
                noise.CopyTo(packet.AsSpan(packet.Length - noise.Length));
                pair.C.Send((packet, o));
                var sent = pair.C.Udp.TakeSent().Count;
                Assert.True(sent > 0 || pair.C.Drops(DropReason.Malformed) == 1);
            },
            iter: 500);
    }

    /// <summary>A tunnel that the flow carries leaves the checksum of what is inside.</summary>
    [Fact]
    public void A_checksum_within_the_payload_is_completed()
    {
        using var pair = new Pair();
        var packet = Packets.Udp(pair.Udp, 40);
        var inner = packet.AsSpan(36);
        inner[6..8].Clear();
        var expected = (byte[])packet.Clone();
        BinaryPrimitives.WriteUInt16BigEndian(expected.AsSpan(36 + 6), InternetChecksum.Of(inner));
        pair.C.Send((packet, new(SegmentKind.None, 0, 0, NeedsChecksum: true, ChecksumStart: 36, ChecksumOffset: 6)));
        Carry(pair);
        Assert.Equal(Upper(expected), Upper(Assert.Single(pair.W.Delivered())));
    }

    [Fact]
    public void A_checksum_left_to_the_device_is_completed()
    {
        using var pair = new Pair();
        var packet = Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 33);
        var (octets, offload) = SlowOffload.Super(packet, 20, 1);
        pair.C.Send((octets, offload with { Kind = SegmentKind.None, SegmentSize = 0 }));
        Carry(pair);
        Assert.Equal(Upper(packet), Upper(Assert.Single(pair.W.Delivered())));
    }

    [Fact]
    public void A_super_segment_that_waited_is_cut_when_it_is_released()
    {
        using var pair = new Pair(bind: false);
        var (packet, upper) = Make(pair, new(V6: false, Tcp: false, 5000, 1000, 0x10, 0, false, 1));
        var made = SlowOffload.Super(packet, upper, 1000);
        pair.C.Send(((byte[])made.Packet.Clone(), made.Offload));
        Assert.Empty(pair.C.Udp.TakeSent());
        pair.C.Datapath.Bind(pair.Udp, Host.Channel);
        pair.W.Datapath.Bind(pair.Udp.Reversed, Host.Channel);
        Carry(pair);
        Assert.Equal(SlowOffload.Cut(made.Packet, made.Offload).Select(Upper), pair.W.Delivered().Select(Upper));
    }

    [Fact]
    public void A_super_segment_too_large_for_the_path_is_dropped_segment_by_segment()
    {
        using var pair = new Pair();
        pair.C.Udp.Limit = (1372, 1400);
        var (packet, upper) = Make(pair, new(V6: false, Tcp: true, 5000, 1400, 0x10, 0, false, 1));
        pair.C.Send(SlowOffload.Super(packet, upper, 1400));
        Assert.Equal(3, pair.C.Drops(DropReason.PathMtuExceeded)); // the last segment is short and fits
        Assert.Equal($"narrowed {pair.Tcp.Remote}", Assert.Single(pair.C.Events.Take()));
        Assert.Equal(1, pair.C.Datapath.Sent.Packets);
    }

    [Fact]
    public void Sequence_numbers_increase_by_one_from_packet_to_packet_across_trains()
    {
        using var pair = new Pair();
        var (packet, upper) = Make(pair, new(V6: false, Tcp: true, 60_000, 500, 0x10, 0, false, 1));
        pair.C.Send(SlowOffload.Super(packet, upper, 500));
        pair.C.Send(Packets.Udp(pair.Udp));
        Assert.Equal([64, 56, 1], pair.C.Udp.Trains);
        Assert.Equal(
            Enumerable.Range(1, 121).Select(i => (uint)i),
            pair.C.Udp.TakeSent().Select(p => BinaryPrimitives.ReadUInt32BigEndian(p.Octets.AsSpan(4))));
    }

    /// <summary>Datagrams of IKE are told apart within a train as anywhere.</summary>
    [Fact]
    public void An_ike_message_within_a_train_goes_to_the_engine()
    {
        using var pair = new Pair();
        pair.C.Send(Row(pair, 2));
        var esp = pair.C.Udp.TakeSent().Select(p => p.Octets).ToList();
        var ike = new byte[esp[0].Length];
        ike[4] = 0x77;
        pair.W.ReceiveTrain([esp[0], ike, esp[1]], pair.C.Address);
        Assert.Equal(0x77, Assert.Single(pair.W.Events.IkeDatagrams)[0]);
        Assert.Equal(2, pair.W.Delivered().Count);
    }

    private static byte[][] Row(Pair pair, int count) =>
        [.. Enumerable.Range(0, count).Select(i => Packets.Tcp(pair.Tcp, TcpFlags.Ack, (uint)(1 + (i * 100)), 1, 100, [1, 1, 1, 1]))];

    private static (byte[] Packet, int Upper) Make(Pair pair, Super super)
    {
        var packet = super.Tcp
            ? Packets.Tcp(pair.Tcp, (TcpFlags)super.Flags, super.Sequence, 9, super.Payload, [.. Enumerable.Repeat((byte)1, super.Options)])
            : Packets.Udp(pair.Udp, super.Payload);
        for (var i = packet.Length - super.Payload; i < packet.Length; i++)
        {
            packet[i] = (byte)(i * 31);
        }

        if (!super.DestinationOptions)
        {
            return (packet, super.V6 ? 40 : 20);
        }

        // Eight octets of padding as destination options (RFC 8200 §4.6) in front of the upper layer.
        byte[] extended = [.. packet[..40], packet[6], 0, 1, 4, 0, 0, 0, 0, .. packet[40..]];
        extended[6] = (byte)IpProtocol.DestinationOptions;
        BinaryPrimitives.WriteUInt16BigEndian(extended.AsSpan(4), (ushort)(extended.Length - 40));
        return (extended, 48);
    }

    private static void Renew(byte[] packet)
    {
        var segment = packet.AsSpan(20);
        segment[16] = segment[17] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(
            segment[16..], InternetChecksum.OfUpperLayer(InetAddress.FromBytes(packet.AsSpan(12, 4)), InetAddress.FromBytes(packet.AsSpan(16, 4)), IpProtocol.Tcp, segment));
    }

    private static string Upper(byte[] packet) => Convert.ToHexString(Packets.Payload(packet));

    /// <summary>Carries what C sent to W, joined as a kernel's UDP_GRO joins it.</summary>
    private static void Carry(Pair pair)
    {
        foreach (var train in TrainsOf(pair.C.Udp.TakeSent().Select(p => p.Octets)))
        {
            pair.W.ReceiveTrain(train, pair.C.Address);
        }
    }

    private static IEnumerable<List<byte[]>> TrainsOf(IEnumerable<byte[]> datagrams)
    {
        List<byte[]> train = [];
        foreach (var datagram in datagrams)
        {
            if (train.Count > 0 && (datagram.Length > train[0].Length || train[^1].Length < train[0].Length || train.Count == 40))
            {
                yield return train;
                train = [];
            }

            train.Add(datagram);
        }

        if (train.Count > 0)
        {
            yield return train;
        }
    }
}
