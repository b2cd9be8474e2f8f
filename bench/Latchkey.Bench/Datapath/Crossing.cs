using Latchkey.Contract;

namespace Latchkey.Bench.Datapath;

/// <summary>A link whose other end is in the same memory: what is sent lies in <see cref="Arrived"/>, as the receiver finds it.</summary>
internal sealed class Crossing(int capacity) : IPacketLink
{
    public string Name => "crossing";

    /// <summary>What was sent since it was last cleared.</summary>
    public PacketBatch Arrived { get; } = new(capacity, ushort.MaxValue);

    public int Receive(PacketBatch batch, int timeoutMilliseconds) => 0;

    public void Send(PacketBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch[i].Length != 0)
            {
                Arrive(batch, i);
                (batch[i].SendResult, batch[i].Refused) = (0, 0);
            }
        }
    }

    public bool WaitForRoom(int timeoutMilliseconds) => true;

    public void Interrupt()
    {
    }

    public void Dispose()
    {
    }

    private void Arrive(PacketBatch batch, int index)
    {
        ref var sent = ref batch[index];
        ref var slot = ref Arrived[Arrived.Count++];
        (slot.Length, slot.SegmentSize, slot.Local, slot.Remote) = (sent.Length, sent.SegmentSize, sent.Remote, sent.Local);
        batch.Data(index).CopyTo(Arrived.Data(Arrived.Count - 1));
    }
}
