using System.Buffers;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <content>Flows that travel in clear, and what arrives in clear to begin one.</content>
public sealed partial class UserDatapath
{
    /// <summary>
    /// Takes a whole IP packet that arrived in clear where clear may be allowed. The kernel has dropped, and counted, the
    /// original; what is held here is a copy.
    /// </summary>
    public void ProcessClear(ReadOnlySpan<byte> packet)
    {
        if (IpPacket.Read(packet, out var parsed) != IpPacketKind.Whole)
        {
            return;
        }

        var key = parsed.InboundFlow;
        using (_lanes.Both())
        {
            if (FindOrAdd(key) is not { } flow)
            {
                _drops.Count(DropReason.FlowTableFull);
                return;
            }

            if (flow.State is FlowState.Bound or FlowState.Blocked)
            {
                return; // a protected flow: nothing that came in clear is part of it
            }

            var now = _clock();
            _holds.HoldClear(flow, packet[..parsed.Length], now);
            if (flow.MayAsk(now, _settings.QuestionInterval))
            {
                _events.ClearFlowUnknown(key);
            }
        }
    }

    /// <summary>The first segment of a connection: SYN without ACK (RFC 9293 §3.5).</summary>
    private static bool BeginsConnection(in IpPacket packet, TcpView segment) =>
        packet.Protocol == IpProtocol.Tcp && (segment.Flags & (TcpFlags.Syn | TcpFlags.Ack)) == TcpFlags.Syn;

    /// <summary>Another connection of the same 5-tuple, or one without an answer so far: what was said about it is void.</summary>
    private void Reconsider(Flow flow)
    {
        if (flow.State == FlowState.Clear)
        {
            _clear.Close(flow.Key);
            flow.State = FlowState.Unknown;
        }
    }

    private void ReleaseClear(Flow flow, ReadOnlySpan<byte> octets)
    {
        if (flow.State == FlowState.Clear)
        {
            _local.Deliver(octets);
        }
        else
        {
            _drops.Count(DropReason.ClearRefused);
        }
    }

    /// <summary>Sends a packet of a local socket in clear. The kernel takes no super-segments here.</summary>
    private void SendClear(Span<byte> octets, in IpPacket packet, PacketOffload offload)
    {
        if ((offload is { Kind: SegmentKind.None, NeedsChecksum: true } && !PartialChecksum.TryComplete(octets, packet, offload))
            || !Segmentation.TryCreate(octets, packet, offload, first: 0, out var segments))
        {
            _drops.Count(DropReason.Malformed);
            return;
        }

        for (var i = 0; i < segments.Count; i++)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(segments.LengthOf(i));
            var segment = buffer.AsSpan(0, segments.LengthOf(i));
            segments.Write(i, segment);
            _clear.Send(segment);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Where no flow may go in clear.</summary>
    private sealed class NoClearPath : IClearPath
    {
        public bool TryOpen(FlowKey flow) => false;

        public void Close(FlowKey flow)
        {
        }

        public void Send(ReadOnlySpan<byte> packet)
        {
        }
    }
}
