using Latchkey.Contract;
using Latchkey.Datapath.Tests;
using Latchkey.Wire;

namespace Latchkey.Fuzz;

/// <summary>
/// The way to local sockets: whatever goes there is a whole packet from the peer, of a flow that is tied or that may be told
/// something, and came under an SA as it is; super-segments are what the slow reference can cut, with right checksums.
/// </summary>
internal sealed class DeviceJudge(StrippedDatapath host) : IPacketDevice
{
    public string Name => "device";

    public bool CutsTcp => true;

    public bool CutsUdp => true;

    public long Overflowed => 0;

    public int Receive(PacketBatch batch, int timeoutMilliseconds) => 0;

    public int Send(PacketGather packets)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < packets.Count; i++)
        {
            var octets = new List<byte>();
            foreach (var piece in packets.Pieces(i))
            {
                octets.AddRange(piece.Octets);
            }

            Judge([.. octets], packets.Offload(i));
        }

        host.AllocatedByJudges += GC.GetAllocatedBytesForCurrentThread() - before;
        return 0;
    }

    public void Interrupt()
    {
    }

    public void Dispose()
    {
    }

    private void Judge(byte[] packet, PacketOffload offload)
    {
        PropertyBrokenException.Unless(packet.Length <= ushort.MaxValue, "a packet has at most 65,535 octets");
        PropertyBrokenException.Unless(IpPacket.Read(packet, out var read) == IpPacketKind.Whole && read.Length == packet.Length, "what is delivered is a whole packet");
        if (!host.Bound.TryGetValue(read.InboundFlow, out var channel))
        {
            // A reset, or an error about a datagram, that we make.
            PropertyBrokenException.Unless(
                host.Noticed.Count > 0 && read.Protocol is IpProtocol.Tcp or IpProtocol.Icmp or IpProtocol.Icmp6, "nothing is delivered to a flow that is not tied");
            return;
        }

        var sa = host.Sas.First(sa => sa.Direction == SaDirection.Inbound && sa.Channel == channel);
        foreach (var segment in SlowOffload.Cut(packet, offload))
        {
            PropertyBrokenException.Unless(offload == default || SlowOffload.IsVerified(segment, read.UpperOffset), "what was joined had right checksums");
            // A SYN's segment size is made smaller on the way.
            if (read.Protocol != IpProtocol.Tcp || (segment[read.UpperOffset + 13] & (byte)TcpFlags.Syn) == 0)
            {
                PropertyBrokenException.Unless(
                    WasArriving(sa, segment, read) || (sa.Inner is not null && host.HasFragments) || (offload != default && WasArriving(sa, WithOtherZero(segment, read), read)), "what is delivered came under an SA, as it is");
            }
        }
    }

    private bool WasArriving(StrippedSa sa, byte[] packet, in IpPacket read)
    {
        var key = sa.Essence(sa.Inner is null ? packet.AsSpan(read.ProtectedOffset) : packet);
        if (!host.Arrived.TryGetValue(key, out var left) || left == 0)
        {
            return false;
        }

        host.Arrived[key] = left - 1;
        return true;
    }

    /// <summary>A checksum of all ones may have been zero before the segment was joined and cut again: both say the same.</summary>
    private static byte[] WithOtherZero(byte[] segment, in IpPacket read)
    {
        var field = segment.AsSpan(read.UpperOffset + (read.Protocol == IpProtocol.Tcp ? 16 : 6), 2);
        if (!field.ContainsAnyExcept((byte)0xFF))
        {
            field.Clear();
        }

        return segment;
    }
}
