using Latchkey.Wire;

namespace Latchkey.Fuzz;

internal sealed class IpTarget : FuzzTarget
{
    public override string Name => "ip";

    public override string About => "IPv4 and IPv6 with extension headers, and TCP, UDP and ICMP inside";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        var kind = IpPacket.Read(input, out var packet);
        if (kind != IpPacketKind.Whole)
        {
            return;
        }

        Must(packet.Length <= input.Length, "a packet is no longer than what was received");
        Must(packet.ProtectedOffset <= packet.UpperOffset && packet.UpperOffset <= packet.Length, "headers lie inside the packet, in order");
        var upper = input[packet.UpperOffset..packet.Length];
        switch (packet.Protocol)
        {
            case IpProtocol.Tcp when TcpView.TryCreate(upper, out var segment):
                Must(segment.Options.Length + segment.Payload.Length + TcpView.MinimumHeaderLength == upper.Length, "options and payload are all there is behind the header");
                segment.HasValidChecksum(packet.Source, packet.Destination);
                TcpOptions.MaximumSegmentSize(segment.Options);
                if ((segment.Flags & TcpFlags.Syn) != 0)
                {
                    Clamp(upper);
                }

                break;
            case IpProtocol.Udp when UdpView.TryCreate(upper, out var datagram):
                Must(datagram.Payload.Length + UdpView.HeaderLength <= upper.Length, "a datagram is no longer than its packet");
                datagram.HasValidChecksum(packet.Source, packet.Destination);
                break;
            case IpProtocol.Icmp or IpProtocol.Icmp6 when IcmpView.TryCreate(upper, out var message):
                IpPacket.Read(message.Body, out _);
                break;
        }
    }

    private static void Clamp(ReadOnlySpan<byte> segment)
    {
        var copy = segment.ToArray();
        TcpOptions.ClampMaximumSegmentSize(copy, 1200);
        TcpView.TryCreate(copy, out var clamped);
        Must(TcpOptions.MaximumSegmentSize(clamped.Options) is null or <= 1200, "what was clamped is no larger than the limit");
    }
}
