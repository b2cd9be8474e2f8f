using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath.Tests.Soak;

/// <summary>
/// A way on which packets are lost, corrupted, repeated, late and out of order, from a seed, and arrive in trains as a kernel's
/// UDP_GRO makes them. It counts what it does, so that the ends can be held to it.
/// </summary>
internal sealed class BadWire(int seed, Action<PacketBatch> deliver) : IPacketLink
{
    /// <summary>A packet is late by less than the replay window, or so late that it has left it.</summary>
    private const int LateBy = 500;
    private const int Ancient = 10_000;
    private const int MaximumTrain = 64;

    private readonly Random _random = new(seed);
    private readonly PacketBatch _arriving = new(16, ushort.MaxValue);
    private readonly PriorityQueue<(byte[] Octets, InetPair Ends), long> _late = new();
    private int _inTrain;
    private long _clock;

    public string Name => "bad wire";

    public long Packets { get; private set; }

    /// <summary>Packets of which no good copy arrives.</summary>
    public long Lost { get; private set; }

    /// <summary>Copies that must be refused: corrupted, or seen before.</summary>
    public long Bad { get; private set; }

    public int Receive(PacketBatch batch, int timeoutMilliseconds) => 0;

    public bool WaitForRoom(int timeoutMilliseconds) => true;

    public void Send(PacketBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            ref var slot = ref batch[i];
            if (slot.Length == 0)
            {
                continue;
            }

            (slot.SendResult, slot.Refused) = (0, 0);
            var ends = new InetPair(slot.Remote, slot.Local);
            var octets = batch.Data(i);
            for (var at = 0; at < octets.Length; at += slot.SegmentSize)
            {
                Carry(octets.Slice(at, Math.Min(slot.SegmentSize, octets.Length - at)), ends);
            }
        }
    }

    /// <summary>Delivers what is still on its way.</summary>
    public void Drain()
    {
        while (_late.TryDequeue(out var packet, out _))
        {
            Arrive(packet.Octets, packet.Ends);
        }

        Flush();
    }

    public void Interrupt()
    {
    }

    public void Dispose()
    {
    }

    private void Carry(Span<byte> packet, InetPair ends)
    {
        _clock++;
        Packets++;
        while (_late.TryPeek(out _, out var due) && due <= _clock)
        {
            var (octets, itsEnds) = _late.Dequeue();
            Arrive(octets, itsEnds);
        }

        switch (_random.Next(1000))
        {
            case < 10:
                Lost++;
                break;
            case < 14:
                (Lost, Bad) = (Lost + 1, Bad + 1);
                packet[_random.Next(packet.Length)] ^= (byte)(1 << _random.Next(8));
                Arrive(packet, ends);
                break;
            case < 24:
                Later(packet, ends, 1 + _random.Next(LateBy));
                break;
            case < 34:
                Bad++;
                Arrive(packet, ends);
                Later(packet, ends, _random.Next(LateBy));
                break;
            case < 35:
                Bad++;
                Arrive(packet, ends);
                Later(packet, ends, Ancient);
                break;
            default:
                Arrive(packet, ends);
                break;
        }
    }

    private void Later(ReadOnlySpan<byte> packet, InetPair ends, int packets) => _late.Enqueue((packet.ToArray(), ends), _clock + packets);

    private void Arrive(ReadOnlySpan<byte> packet, InetPair ends)
    {
        if (_arriving.Count == 0 || !Joins(_arriving[_arriving.Count - 1], packet.Length, ends))
        {
            if (_arriving.Count == _arriving.Capacity)
            {
                Flush();
            }

            ref var slot = ref _arriving[_arriving.Count++];
            (slot.Local, slot.Remote, slot.SegmentSize) = (ends.To, ends.From, packet.Length);
            _inTrain = 0;
        }

        ref var train = ref _arriving[_arriving.Count - 1];
        packet.CopyTo(_arriving.Room(_arriving.Count - 1)[(train.Offset + train.Length)..]);
        train.Length += packet.Length;
        _inTrain++;
    }

    private bool Joins(in PacketSlot train, int length, InetPair ends) =>
        train.Local == ends.To && train.Remote == ends.From && length <= train.SegmentSize && train.Length % train.SegmentSize == 0
        && train.Length + length <= ushort.MaxValue && _inTrain < MaximumTrain;

    private void Flush()
    {
        deliver(_arriving);
        _arriving.Clear();
    }

    private readonly record struct InetPair(InetEndpoint To, InetEndpoint From);
}
