using System.Buffers;
using Latchkey.Contract;

namespace Latchkey.Datapath;

/// <summary>An IP packet that waits for a decision about its flow.</summary>
/// <param name="Buffer">From the shared pool; goes back with <see cref="HoldQueue.Return"/>.</param>
/// <param name="ArrivedUnder">The SA of an inbound packet; null for one that this host sends, or that came in clear.</param>
/// <param name="ArrivedInClear">It moves only when its flow may go in clear.</param>
/// <param name="Offload">What its sender left to the device; only for packets that this host sends.</param>
/// <param name="Came">In what fragments it came.</param>
internal readonly record struct HeldPacket(
    byte[] Buffer, int Length, InboundSa? ArrivedUnder, bool ArrivedInClear, PacketOffload Offload, Fragments Came, TimeSpan Since);

/// <summary>Packets that wait for the engine, bounded for each flow, in all, and in time: so no first packet is lost.</summary>
internal sealed class HoldQueue(DatapathSettings settings, DropCounters drops)
{
    private readonly HashSet<Flow> _waiting = [];
    private int _octets;

    /// <summary>Flows for which packets are held.</summary>
    public IReadOnlyCollection<Flow> Waiting => _waiting;

    /// <summary>Holds a packet that this host sends.</summary>
    public void HoldOutbound(Flow flow, ReadOnlySpan<byte> packet, PacketOffload offload, Fragments came, TimeSpan now) =>
        Hold(flow, packet, arrivedUnder: null, arrivedInClear: false, offload, came, now);

    /// <summary>Holds a packet that came under an SA.</summary>
    public void HoldInbound(Flow flow, ReadOnlySpan<byte> packet, InboundSa arrivedUnder, Fragments came, TimeSpan now) =>
        Hold(flow, packet, arrivedUnder, arrivedInClear: false, default, came, now);

    /// <summary>Holds a packet that came in clear.</summary>
    public void HoldClear(Flow flow, ReadOnlySpan<byte> packet, TimeSpan now) =>
        Hold(flow, packet, arrivedUnder: null, arrivedInClear: true, default, came: default, now);

    /// <summary>Takes the oldest packet of a flow; the caller gives it back with <see cref="Return"/>.</summary>
    public bool TryTake(Flow flow, out HeldPacket packet)
    {
        packet = default;
        if (flow.Held is null || !flow.Held.TryDequeue(out packet))
        {
            return false;
        }

        _octets -= packet.Buffer.Length;
        if (flow.Held.Count == 0)
        {
            flow.Held = null;
            _waiting.Remove(flow);
        }

        return true;
    }

    public static void Return(HeldPacket packet) => ArrayPool<byte>.Shared.Return(packet.Buffer);

    public void Drop(Flow flow, DropReason reason)
    {
        while (TryTake(flow, out var packet))
        {
            Return(packet);
            drops.Count(reason);
        }
    }

    /// <summary>Drops what waited too long.</summary>
    /// <returns>Flows for which nothing is held any more.</returns>
    public IReadOnlyList<Flow> Expire(TimeSpan now)
    {
        if (_waiting.Count == 0)
        {
            return [];
        }

        var emptied = new List<Flow>();
        foreach (var flow in _waiting.ToArray())
        {
            while (flow.Held is { } held && now - held.Peek().Since >= settings.HoldTime && TryTake(flow, out var packet))
            {
                Return(packet);
                drops.Count(DropReason.HoldExpired);
            }

            if (flow.Held is null)
            {
                emptied.Add(flow);
            }
        }

        return emptied;
    }

    private void Hold(Flow flow, ReadOnlySpan<byte> packet, InboundSa? arrivedUnder, bool arrivedInClear, PacketOffload offload, Fragments came, TimeSpan now)
    {
        flow.Held ??= new(1);
        var buffer = ArrayPool<byte>.Shared.Rent(packet.Length);
        if (flow.Held.Count >= settings.HeldPacketsPerFlow || _octets + buffer.Length > settings.HeldOctets)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            drops.Count(DropReason.HoldQueueFull);
            return;
        }

        packet.CopyTo(buffer);
        flow.Held.Enqueue(new(buffer, packet.Length, arrivedUnder, arrivedInClear, offload, came, now));
        _octets += buffer.Length;
        _waiting.Add(flow);
    }
}
