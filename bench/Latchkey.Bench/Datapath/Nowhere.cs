using Latchkey.Contract;

namespace Latchkey.Bench.Datapath;

/// <summary>A link and a device that take everything at once, and from which nothing comes.</summary>
internal sealed class Nowhere : IPacketLink, IPacketDevice
{
    public string Name => "nowhere";

    public bool CutsTcp => true;

    public bool CutsUdp => true;

    public long Overflowed => 0;

    public int Receive(PacketBatch batch, int timeoutMilliseconds) => 0;

    public void Send(PacketBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].SendResult = 0;
        }
    }

    public int Send(PacketGather packets) => 0;

    public bool WaitForRoom(int timeoutMilliseconds) => true;

    public void Interrupt()
    {
    }

    public void Dispose()
    {
    }
}
