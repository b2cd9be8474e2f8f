using System.Buffers.Binary;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Fuzz;

/// <summary>The way out: whatever goes there is ESP of an SA that is installed, in sequence, with a packet inside of a flow that is tied to its channel.</summary>
internal sealed class OuterJudge(StrippedDatapath host) : IPacketLink
{
    /// <summary>UDP_MAX_SEGMENTS of Linux up to 6.8.</summary>
    private const int MaximumTrain = 64;

    private const int LargestTrain = 65_507;

    public string Name => "outside";

    /// <summary>Whether anything may be sent now.</summary>
    public bool Expects { get; set; } = true;

    public int Receive(PacketBatch batch, int timeoutMilliseconds) => 0;

    public void Send(PacketBatch batch)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        PropertyBrokenException.Unless(Expects, "nothing that arrives makes anything go out");
        for (var i = 0; i < batch.Count; i++)
        {
            ref var slot = ref batch[i];
            if (slot.Length == 0)
            {
                continue;
            }

            // A single packet may be larger than any path: that the kernel says.
            PropertyBrokenException.Unless(
                slot.Packets == 1 || (slot.Packets <= MaximumTrain && slot.Length <= LargestTrain), "a train is one that the kernel takes");
            var size = slot.SegmentSize > 0 ? slot.SegmentSize : slot.Length;
            for (var at = 0; at < slot.Length; at += size)
            {
                Judge(batch.Data(i).Slice(at, Math.Min(size, slot.Length - at)), slot.Local, slot.Remote);
            }

            (slot.SendResult, slot.Refused) = (0, 0);
        }

        host.AllocatedByJudges += GC.GetAllocatedBytesForCurrentThread() - before;
    }

    public bool WaitForRoom(int timeoutMilliseconds) => true;

    public void Interrupt()
    {
    }

    public void Dispose()
    {
    }

    private void Judge(ReadOnlySpan<byte> packet, InetEndpoint local, InetEndpoint remote)
    {
        PropertyBrokenException.Unless(packet.Length > StrippedSa.HeaderLength + StrippedSa.IcvLength, "what goes out is as long as ESP");
        var spi = BinaryPrimitives.ReadUInt32BigEndian(packet);
        var sa = host.Sas.FirstOrDefault(sa => sa.Direction == SaDirection.Outbound && sa.Spi == spi);
        PropertyBrokenException.Unless(sa is not null && sa.Local == local && sa.Remote == remote, "what goes out goes out under an SA, between its ends");
        sa!.Sequence++;
        PropertyBrokenException.Unless(BinaryPrimitives.ReadUInt32BigEndian(packet[4..]) == (uint)sa.Sequence, "sequence numbers increase by one");
        PropertyBrokenException.Unless(BinaryPrimitives.ReadUInt64BigEndian(packet[8..]) == sa.Sequence, "no IV is used twice");
        var text = packet[StrippedSa.HeaderLength..^StrippedSa.IcvLength];
        PropertyBrokenException.Unless(EspTrailer.TryRead(text, out var trailer), "padding is as it must be");
        var payload = text[..trailer.PayloadLength];
        var kind = sa.Inner is null
            ? IpPacket.ReadTransport(sa.Here, sa.There, trailer.NextHeader, payload, out var inner)
            : IpPacket.Read(payload, out inner);
        PropertyBrokenException.Unless(
            sa.Inner is null || (inner.Length == payload.Length && trailer.NextHeader == (inner.IsV6 ? IpProtocol.Ipv6 : IpProtocol.IpInIp)), "a tunnel carries packets");
        if (sa.Inner is { } ends && kind == IpPacketKind.Fragment)
        {
            // It came as one and its sender forbids to cut it: it stays one, and names no ports.
            PropertyBrokenException.Unless(
                inner.DontFragment && (inner.Source, inner.Destination) == (ends.Local, ends.Remote), "a tunnel carries what is between its inner ends, and cuts nothing by itself");
            return;
        }

        PropertyBrokenException.Unless(kind == IpPacketKind.Whole, "what is protected is a whole packet");
        PropertyBrokenException.Unless(
            host.Bound.TryGetValue(inner.OutboundFlow, out var channel) && channel == sa.Channel, "a flow goes out under an SA of its own channel");
    }
}
