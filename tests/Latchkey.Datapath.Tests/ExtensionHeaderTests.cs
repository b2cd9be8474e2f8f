using System.Buffers.Binary;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>IPv6 with headers between its own and the upper layer's, alone and where super-segments are cut and joined.</summary>
public class ExtensionHeaderTests
{
    private const byte HopByHop = 0;

    // Eight octets: next header, length 0, and a PadN that fills the rest (RFC 8200 §4.2).
    private static readonly byte[] Padding = [0, 0, 1, 4, 0, 0, 0, 0];

    /// <summary>It stands before ESP (RFC 4303 §3.1.2), where the kernel makes the header: it cannot be carried, so nothing is sent without it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_packet_with_hop_by_hop_options_is_dropped_and_counted(bool super)
    {
        using var pair = new Pair(v6: true);
        var packet = Extend(Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 3000), HopByHop);
        pair.C.Send((packet, super ? new(SegmentKind.Tcp, 1000, 68, true, 48, 16) : default));
        Assert.Empty(pair.C.Udp.TakeSent());
        Assert.Equal(1, pair.C.Drops(DropReason.UnsupportedProtocol));
    }

    /// <summary>What a peer put into ESP all the same, and what a fragment would be, is not delivered (RFC 4303 §3.3.4).</summary>
    [Theory]
    [InlineData(HopByHop)]
    [InlineData((byte)IpProtocol.Fragment)]
    public void What_does_not_belong_behind_esp_is_dropped_and_counted(byte header)
    {
        using var pair = new Pair(v6: true);
        var inner = Extend(Packets.Udp(pair.Udp.Reversed, 40), header)[40..];
        pair.C.Receive(Seal(Pair.SpiToC, 1, inner, header), pair.W.Address);
        Assert.Empty(pair.C.Delivered());
        Assert.Equal(1, pair.C.Drops(DropReason.UnsupportedProtocol));
    }

    [Fact]
    public void Destination_options_are_carried_in_every_segment_and_such_segments_are_not_joined()
    {
        using var pair = new Pair(v6: true);
        var whole = Extend(Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 3000), (byte)IpProtocol.DestinationOptions);
        var (octets, offload) = SlowOffload.Super(whole, 48, 1000);
        pair.C.Send((octets, offload));
        var trains = pair.C.Udp.TakeSent().Select(p => p.Octets).ToList();
        Assert.Equal(3, trains.Count);
        pair.W.ReceiveTrain(trains, pair.C.Address);
        Assert.Equal([1, 1, 1], pair.W.Tun.Trains);
        var expected = SlowOffload.Cut(octets, offload);
        Assert.Equal(expected.Select(p => Convert.ToHexString(p.AsSpan(40))), pair.W.Delivered().Select(p => Convert.ToHexString(p.AsSpan(40))));
    }

    /// <summary>A segment with options between two without: all three arrive, in order, and nothing is joined across it.</summary>
    [Fact]
    public void A_segment_with_options_parts_its_neighbours()
    {
        using var pair = new Pair(v6: true);
        byte[][] row = [.. Enumerable.Range(0, 5).Select(i => Packets.Tcp(pair.Tcp, TcpFlags.Ack, (uint)(1 + (i * 100)), 1, 100))];
        row[2] = Extend(row[2], (byte)IpProtocol.DestinationOptions);
        pair.C.Send(row);
        foreach (var datagram in pair.C.Udp.TakeSent())
        {
            pair.W.Udp.Put(datagram.Octets, new(pair.W.Address, 4500), new(pair.C.Address, 4500));
        }

        pair.W.ReceiveWaiting();
        Assert.Equal([2, 1, 2], pair.W.Tun.Trains);
        Assert.Equal(row.Select(p => Convert.ToHexString(p.AsSpan(40))), pair.W.Delivered().Select(p => Convert.ToHexString(p.AsSpan(40))));
    }

    /// <summary>The local stack's fragments are put together, protected as one packet, and go out as one ESP packet.</summary>
    [Fact]
    public void Fragments_between_super_segments_are_put_together_and_disturb_nothing()
    {
        using var pair = new Pair(v6: true);
        var datagram = Packets.Udp(pair.Udp, 2000);
        var super = SlowOffload.Super(Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 3000), 40, 1000);
        var pieces = Packets.Fragment(datagram, 1200);
        pair.C.Tun.Put(pieces[0]);
        pair.C.Tun.Put(super.Packet, offload: super.Offload);
        pair.C.Tun.Put(pieces[1]);
        pair.C.Send();
        var sent = pair.C.Udp.TakeSent().Select(p => p.Octets).ToList();
        Assert.Equal(4, sent.Count);
        sent.ForEach(p => pair.W.Receive(p, pair.C.Address));
        Assert.Equal(
            [.. SlowOffload.Cut(super.Packet, super.Offload).Select(Packets.Essence), Packets.Essence(datagram)], pair.W.Delivered().Select(Packets.Essence));
    }

    private static byte[] Extend(byte[] packet, byte header)
    {
        byte[] extended = [.. packet[..40], packet[6], .. Padding[1..], .. packet[40..]];
        extended[6] = header;
        BinaryPrimitives.WriteUInt16BigEndian(extended.AsSpan(4), (ushort)(extended.Length - 40));
        return extended;
    }

    /// <summary>An ESP packet as an authentic peer makes it, with anything inside.</summary>
    private static byte[] Seal(uint spi, ulong sequence, byte[] payload, byte nextHeader)
    {
        var algorithm = Algorithms.Aeads[0];
        using var key = algorithm.CreateKey(Host.KeyFor(spi, algorithm));
        var text = new byte[payload.Length + EspTrailer.LengthFor(payload.Length)];
        payload.CopyTo(text, 0);
        EspTrailer.Write(text.AsSpan(payload.Length), payload.Length, (IpProtocol)nextHeader);
        var packet = new byte[16 + text.Length + algorithm.IcvLength];
        EspView.WriteHeader(packet, spi, (uint)sequence);
        BinaryPrimitives.WriteUInt64BigEndian(packet.AsSpan(8), sequence);
        text.CopyTo(packet, 16);
        var aad = new EspAad(spi, esn: true).For(sequence);
        key.Encrypt(packet.AsSpan(8, 8), aad, packet.AsSpan(16, text.Length), packet.AsSpan(16 + text.Length));
        return packet;
    }
}
