using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath.Tests;

/// <summary>A link in memory: what is sent is kept, what is put in is received. Threads may use it.</summary>
internal sealed class MemoryLink(string name) : IPacketLink
{
    private readonly Lock _lock = new();
    private readonly Queue<Packet> _incoming = [];
    private readonly List<Packet> _sent = [];
    private readonly AutoResetEvent _wake = new(initialState: false);

    public sealed record Packet(byte[] Octets, InetEndpoint Local, InetEndpoint Remote, bool MayFragment);

    public string Name => name;

    /// <summary>Octets of payload that fit, and the path MTU that a larger packet is answered with; 0 for no limit.</summary>
    public (int Payload, int PathMtu) Limit { get; set; }

    /// <summary>Throw sent packets away, so that nothing is allocated.</summary>
    public bool Discard { get; set; }

    public void Put(byte[] octets, InetEndpoint local = default, InetEndpoint remote = default)
    {
        lock (_lock)
        {
            _incoming.Enqueue(new(octets, local, remote, MayFragment: false));
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

            slot.SendResult = Limit.PathMtu != 0 && slot.Length > Limit.Payload && !slot.MayFragment ? Limit.PathMtu : 0;
            if (slot.SendResult == 0 && !Discard)
            {
                lock (_lock)
                {
                    _sent.Add(new(batch.Data(i).ToArray(), slot.Local, slot.Remote, slot.MayFragment));
                }
            }
        }
    }

    public void Interrupt() => _wake.Set();

    public void Dispose() => _wake.Dispose();

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
                packet.Octets.CopyTo(batch.Data(batch.Count - 1));
            }
        }

        return batch.Count > 0;
    }
}
