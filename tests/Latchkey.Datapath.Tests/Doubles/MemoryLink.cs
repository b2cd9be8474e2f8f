using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath.Tests;

/// <summary>
/// A link or a device in memory: what is sent is kept, packet by packet, what is put in is received. Threads may use it.
/// As a device it cuts super-segments by <see cref="SlowOffload"/>.
/// </summary>
internal sealed class MemoryLink(string name) : IPacketLink, IPacketDevice
{
    private readonly object _lock = new();
    private readonly Queue<Packet> _incoming = [];
    private readonly List<Packet> _sent = [];
    private readonly AutoResetEvent _wake = new(initialState: false);

    public sealed record Packet(byte[] Octets, InetEndpoint Local, InetEndpoint Remote, bool MayFragment, PacketOffload Offload = default, int SegmentSize = 0, byte TrafficClass = 0);

    public string Name => name;

    /// <summary>Octets of payload that fit, and the path MTU that a larger packet is answered with; 0 for no limit.</summary>
    public (int Payload, int PathMtu) Limit { get; set; }

    /// <summary>Packets sent and not yet taken that find room, as in a kernel's buffer.</summary>
    public int Capacity { get; set; } = int.MaxValue;

    /// <summary>The most packets that were sent and not yet taken.</summary>
    public int Fullest { get; private set; }

    /// <summary>Packets put in and not yet received.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _incoming.Count;
            }
        }
    }

    public long Overflowed { get; set; }

    /// <summary>How many packets each slot sent carried, or how many segments each packet for the device stood for.</summary>
    public List<int> Trains { get; } = [];

    public bool CutsTcp { get; set; } = true;

    public bool CutsUdp { get; set; } = true;

    /// <summary>Throw sent packets away, so that nothing is allocated.</summary>
    public bool Discard { get; set; }

    public void Put(byte[] octets, InetEndpoint local = default, InetEndpoint remote = default, PacketOffload offload = default, int segmentSize = 0, byte trafficClass = 0)
    {
        lock (_lock)
        {
            _incoming.Enqueue(new(octets, local, remote, MayFragment: false, offload, segmentSize, trafficClass));
        }

        _wake.Set();
    }

    /// <summary>What was sent since the last call.</summary>
    public List<Packet> TakeSent()
    {
        lock (_lock)
        {
            List<Packet> taken = [.. _sent];
            _sent.Clear();
            Monitor.PulseAll(_lock);
            return taken;
        }
    }

    public int Receive(PacketBatch batch, int timeoutMilliseconds)
    {
        batch.Clear();
        if (!Fill(batch) && timeoutMilliseconds > 0)
        {
            _wake.WaitOne(timeoutMilliseconds);
            Fill(batch);
        }

        return batch.Count;
    }

    public void Send(PacketBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            ref var slot = ref batch[i];
            if (slot.Length == 0)
            {
                continue;
            }

            (slot.SendResult, slot.Refused, slot.NarrowPath) = (0, 0, 0);
            var octets = batch.Data(i);
            var size = slot.SegmentSize > 0 ? slot.SegmentSize : slot.Length;
            for (var at = 0; at < octets.Length; at += size)
            {
                var packet = octets.Slice(at, Math.Min(size, octets.Length - at));
                if (Limit.PathMtu != 0 && packet.Length > Limit.Payload && !slot.MayFragment)
                {
                    slot.SendResult = Limit.PathMtu;
                    slot.Refused++;
                    continue;
                }

                slot.NarrowPath = Limit.PathMtu != 0 && packet.Length > Limit.Payload ? Limit.PathMtu : slot.NarrowPath;
                if (!Discard && !TryKeep(new(packet.ToArray(), slot.Local, slot.Remote, slot.MayFragment, TrafficClass: slot.TrafficClass)))
                {
                    slot.SendResult = PacketSlot.NoRoom;
                    slot.Refused++;
                }
            }

            if (!Discard)
            {
                Trains.Add(slot.Packets);
            }
        }
    }

    public int Send(PacketGather packets)
    {
        for (var i = 0; i < packets.Count && !Discard; i++)
        {
            var octets = new List<byte>();
            foreach (var piece in packets.Pieces(i))
            {
                octets.AddRange(piece.Octets);
            }

            var cut = SlowOffload.Cut([.. octets], packets.Offload(i));
            lock (_lock)
            {
                Trains.Add(cut.Count);
                _sent.AddRange(cut.Select(packet => new Packet(packet, default, default, MayFragment: false)));
            }
        }

        return 0;
    }

    public bool WaitForRoom(int timeoutMilliseconds)
    {
        lock (_lock)
        {
            return _sent.Count < Capacity / 2 || (Monitor.Wait(_lock, timeoutMilliseconds) && _sent.Count < Capacity / 2);
        }
    }

    public void Interrupt() => _wake.Set();

    public void Dispose() => _wake.Dispose();

    private bool TryKeep(Packet packet)
    {
        lock (_lock)
        {
            if (_sent.Count == Capacity)
            {
                return false;
            }

            _sent.Add(packet);
            Fullest = Math.Max(Fullest, _sent.Count);
            return true;
        }
    }

    private bool Fill(PacketBatch batch)
    {
        lock (_lock)
        {
            while (batch.Count < batch.Capacity && _incoming.TryDequeue(out var packet))
            {
                ref var slot = ref batch[batch.Count++];
                slot.Length = packet.Octets.Length;
                slot.Local = packet.Local;
                slot.Remote = packet.Remote;
                slot.Offload = packet.Offload;
                slot.SegmentSize = packet.SegmentSize;
                slot.TrafficClass = packet.TrafficClass;
                packet.Octets.CopyTo(batch.Data(batch.Count - 1));
            }
        }

        return batch.Count > 0;
    }
}
