using System.Buffers.Binary;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.MicroBench;

/// <summary>A super-segment as a local stack makes it: as many full segments as 64 KiB hold.</summary>
internal sealed class SuperSegment
{
    private const int Mss = 1360;

    public SuperSegment(IpProtocol protocol, bool v6)
    {
        Flow = v6
            ? new(protocol, InetAddress.Parse("2001:db8::1"), 40_000, InetAddress.Parse("2001:db8::2"), 7000)
            : new(protocol, InetAddress.FromV4(0x0a00_0001), 40_000, InetAddress.FromV4(0x0a00_0002), 7000);
        var isTcp = protocol == IpProtocol.Tcp;
        var upperOffset = v6 ? Ipv6View.HeaderLength : Ipv4View.MinimumHeaderLength;
        var headers = upperOffset + (isTcp ? TcpView.MinimumHeaderLength : UdpView.HeaderLength);
        Octets = GC.AllocateArray<byte>(headers + ((ushort.MaxValue - headers) / Mss * Mss), pinned: true);
        new Random(1).NextBytes(Octets.AsSpan(headers));
        var upper = Octets.AsSpan(upperOffset);
        if (v6)
        {
            new Ipv6Header(Flow.Local, Flow.Remote, protocol).Write(Octets, upper.Length);
        }
        else
        {
            new Ipv4Header(Flow.Local, Flow.Remote, protocol, DontFragment: true).Write(Octets, upper.Length);
        }

        if (isTcp)
        {
            new TcpHeader(Flow.LocalPort, Flow.RemotePort, 1, 1, TcpFlags.Ack, 1000).Write(upper, Flow.Local, Flow.Remote);
        }
        else
        {
            new UdpHeader(Flow.LocalPort, Flow.RemotePort).Write(upper, Flow.Local, Flow.Remote);
        }

        var field = isTcp ? 16 : 6;
        BinaryPrimitives.WriteUInt16BigEndian(
            upper[field..], InternetChecksum.PartialOf(InternetChecksum.PseudoHeader(Flow.Local, Flow.Remote, protocol, upper.Length)));
        Offload = new(isTcp ? SegmentKind.Tcp : SegmentKind.Udp, Mss, (ushort)headers, NeedsChecksum: true, (ushort)upperOffset, (ushort)field);
        IpPacket.Read(Octets, out var packet);
        Packet = packet;
    }

    public FlowKey Flow { get; }

    public byte[] Octets { get; }

    public IpPacket Packet { get; }

    public PacketOffload Offload { get; }
}
