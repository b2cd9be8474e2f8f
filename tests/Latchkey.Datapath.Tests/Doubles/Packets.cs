using Latchkey.Wire;

namespace Latchkey.Datapath.Tests;

/// <summary>IP packets as local stacks make them.</summary>
internal static class Packets
{
    /// <summary>A segment of the flow's local side.</summary>
    public static byte[] Tcp(FlowKey flow, TcpFlags flags, uint seq = 1, uint ack = 0, int payload = 0, byte[]? options = null, bool dontFragment = true)
    {
        var segment = new byte[TcpView.MinimumHeaderLength + (options?.Length ?? 0) + payload];
        segment.AsSpan(segment.Length - payload).Fill(0x5A);
        new TcpHeader(flow.LocalPort, flow.RemotePort, seq, ack, flags, 1000).Write(segment, flow.Local, flow.Remote, options);
        return Ip(flow, segment, dontFragment);
    }

    public static byte[] Udp(FlowKey flow, int payload = 8, bool dontFragment = false)
    {
        var datagram = new byte[UdpView.HeaderLength + payload];
        datagram.AsSpan(UdpView.HeaderLength).Fill(0xA5);
        new UdpHeader(flow.LocalPort, flow.RemotePort).Write(datagram, flow.Local, flow.Remote);
        return Ip(flow, datagram, dontFragment);
    }

    /// <summary>The pieces of a packet without options, each of at most so many octets of payload.</summary>
    public static byte[][] Fragment(byte[] packet, int size) =>
        [.. Enumerable.Range(0, (Payload(packet).Length + size - 1) / size).Select(i => Piece(packet, i * size, size))];

    public static ReadOnlySpan<byte> Payload(byte[] packet) => packet.AsSpan(packet[0] >> 4 == 6 ? 40 : 20);

    /// <summary>What transport mode keeps of a packet: addresses, protocol and payload.</summary>
    public static string Essence(byte[] packet) =>
        IpPacket.Read(packet, out var read) == IpPacketKind.Whole
            ? $"{read.OutboundFlow} {Convert.ToHexString(Payload(packet))}"
            : "no packet";

    private static byte[] Ip(FlowKey flow, byte[] payload, bool dontFragment)
    {
        var packet = new byte[(flow.Local.IsV6 ? 40 : 20) + payload.Length];
        var header = flow.Local.IsV6
            ? new Ipv6Header(flow.Local, flow.Remote, flow.Protocol).Write(packet, payload.Length)
            : new Ipv4Header(flow.Local, flow.Remote, flow.Protocol, DontFragment: dontFragment).Write(packet, payload.Length);
        payload.CopyTo(packet, header);
        return packet;
    }

    private static byte[] Piece(byte[] packet, int offset, int size)
    {
        var all = Payload(packet);
        var data = all.Slice(offset, Math.Min(size, all.Length - offset));
        var more = offset + data.Length < all.Length;
        if (Ipv6View.TryCreate(packet, out var v6))
        {
            var piece = new byte[48 + data.Length];
            (Ipv6Header.From(v6) with { NextHeader = IpProtocol.Fragment }).Write(piece, 8 + data.Length);
            new FragmentHeader(v6.NextHeader, offset, more, 99).Write(piece.AsSpan(40));
            data.CopyTo(piece.AsSpan(48));
            return piece;
        }

        Ipv4View.TryCreate(packet, out var v4);
        var piece4 = new byte[20 + data.Length];
        (Ipv4Header.From(v4) with { MoreFragments = more, FragmentOffset = offset, DontFragment = false, Identification = 99 }).Write(piece4, data.Length);
        data.CopyTo(piece4.AsSpan(20));
        return piece4;
    }
}
