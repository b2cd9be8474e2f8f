using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>Packets made by us or held by us for local sockets. They go into the TUN device and never onto the wire.</summary>
internal sealed class LocalDelivery(IPacketDevice tun, DropCounters drops)
{
    /// <summary>As much of a packet as an ICMP error quotes: IPv6 header and eight octets.</summary>
    private const int QuoteLength = Ipv6View.HeaderLength + 8;

    private const int Capacity = 16;

    private readonly PacketBatch _batch = new(Capacity, packetSize: ushort.MaxValue);
    private readonly PacketGather _gather = new(Capacity, pieces: Capacity);

    /// <summary>A whole IP packet.</summary>
    public void Deliver(ReadOnlySpan<byte> packet) => packet.CopyTo(Next(packet.Length));

    /// <summary>The fragments of a packet.</summary>
    public void Deliver(Fragmentation fragments)
    {
        for (var i = 0; i < fragments.Count; i++)
        {
            fragments.Write(i, Next(fragments.LengthOf(i)));
        }
    }

    /// <summary>A TCP segment without data from the peer's address to the local socket.</summary>
    public void Segment(FlowKey flow, uint sequence, uint acknowledgment, TcpFlags flags)
    {
        var segment = WithIpHeader(flow.Remote, flow.Local, IpProtocol.Tcp, TcpView.MinimumHeaderLength);
        new TcpHeader(flow.RemotePort, flow.LocalPort, sequence, acknowledgment, flags, Window: 0).Write(segment, flow.Remote, flow.Local);
    }

    /// <summary>"Port unreachable" from the peer's address for a datagram of the local socket.</summary>
    public void PortUnreachable(FlowKey flow)
    {
        // The stack finds the socket by the addresses and ports in the quote, so that any datagram of the flow will do.
        Span<byte> quote = stackalloc byte[QuoteLength];
        var header = flow.Local.IsV6
            ? new Ipv6Header(flow.Local, flow.Remote, flow.Protocol).Write(quote, UdpView.HeaderLength)
            : new Ipv4Header(flow.Local, flow.Remote, flow.Protocol).Write(quote, UdpView.HeaderLength);
        var datagram = quote.Slice(header, UdpView.HeaderLength);
        new UdpHeader(flow.LocalPort, flow.RemotePort).Write(datagram, flow.Local, flow.Remote);
        Icmp(flow.Remote, flow.Local, flow.Local.IsV6 ? IcmpHeader.PortUnreachableV6 : IcmpHeader.PortUnreachableV4, quote[..(header + UdpView.HeaderLength)]);
    }

    /// <summary>Writes what has come together into the TUN device.</summary>
    public void Flush()
    {
        if (_batch.Count > 0)
        {
            for (var i = 0; i < _batch.Count; i++)
            {
                _gather.Begin();
                _gather.Add(new(_batch.Slab, _batch.Position(i), _batch[i].Length));
            }

            drops.Count(DropReason.SendFailed, tun.Send(_gather));
            _gather.Clear();
            _batch.Clear();
        }
    }

    private void Icmp(InetAddress from, InetAddress to, IcmpHeader header, ReadOnlySpan<byte> quote)
    {
        var message = WithIpHeader(from, to, from.IsV6 ? IpProtocol.Icmp6 : IpProtocol.Icmp, IcmpView.HeaderLength + quote.Length);
        quote.CopyTo(message[IcmpView.HeaderLength..]);
        if (from.IsV6)
        {
            header.WriteV6(message, from, to);
        }
        else
        {
            header.WriteV4(message);
        }
    }

    /// <summary>The room behind the IP header of a new packet.</summary>
    private Span<byte> WithIpHeader(InetAddress from, InetAddress to, IpProtocol protocol, int payloadLength)
    {
        var packet = Next((from.IsV6 ? Ipv6View.HeaderLength : Ipv4View.MinimumHeaderLength) + payloadLength);
        var header = from.IsV6
            ? new Ipv6Header(from, to, protocol).Write(packet, payloadLength)
            : new Ipv4Header(from, to, protocol).Write(packet, payloadLength);
        return packet[header..];
    }

    private Span<byte> Next(int length)
    {
        if (_batch.Count == _batch.Capacity)
        {
            Flush();
        }

        var index = _batch.Count++;
        _batch[index].Length = length;
        return _batch.Data(index);
    }
}
