using Latchkey.Contract;

namespace Latchkey.Datapath;

/// <summary>
/// ESP packets on their way out. Packets of one SA are laid end to end as trains of one size, so that one call into the
/// kernel, and one walk through it, sends them all (UDP_SEGMENT of udp(7)).
/// </summary>
internal sealed class Departures
{
    private const int Trains = 16;

    /// <summary>UDP_MAX_SEGMENTS of Linux up to 6.8; later ones allow more.</summary>
    private const int MaximumPackets = 64;

    /// <summary>The largest UDP payload.</summary>
    private const int MaximumOctets = 65_507;

    private OutboundSa? _sa;
    private int _packets;
    private bool _takesMore;

    public PacketBatch Batch { get; } = new(Trains, ushort.MaxValue);

    /// <summary>Finds the place of the next packet: behind the last one, or at the head of a new train.</summary>
    /// <param name="length">Octets of the ESP packet.</param>
    /// <param name="trafficClass">Of the outer header. A train has one.</param>
    /// <returns>False when no train is left: those there are must go first.</returns>
    public bool TryPlace(OutboundSa sa, int length, bool mayFragment, byte trafficClass, out Span<byte> place)
    {
        if (!Fits(sa, length, mayFragment, trafficClass) && !TryBegin(sa, length, mayFragment, trafficClass))
        {
            place = default;
            return false;
        }

        ref var train = ref Batch[Batch.Count - 1];
        place = Batch.Room(Batch.Count - 1).Slice(train.Offset + train.Length, length);
        return true;
    }

    /// <summary>The packet lies in its place.</summary>
    public void Take(int length)
    {
        ref var train = ref Batch[Batch.Count - 1];
        train.Length += length;
        _packets++;
        _takesMore = length == train.SegmentSize;
    }

    public void Clear()
    {
        Batch.Clear();
        _sa = null;
    }

    private bool Fits(OutboundSa sa, int length, bool mayFragment, byte trafficClass)
    {
        if (!ReferenceEquals(sa, _sa) || !_takesMore || _packets == MaximumPackets)
        {
            return false;
        }

        ref var train = ref Batch[Batch.Count - 1];
        return length <= train.SegmentSize && train.Length + length <= MaximumOctets && train.MayFragment == mayFragment && train.TrafficClass == trafficClass;
    }

    private bool TryBegin(OutboundSa sa, int length, bool mayFragment, byte trafficClass)
    {
        if (Batch.Count == Batch.Capacity)
        {
            return false;
        }

        ref var train = ref Batch[Batch.Count++];
        train.Local = sa.OuterLocal;
        train.Remote = sa.OuterRemote;
        train.SegmentSize = length;
        train.MayFragment = mayFragment;
        train.TrafficClass = trafficClass;
        (_sa, _packets, _takesMore) = (sa, 0, true);
        return true;
    }
}
