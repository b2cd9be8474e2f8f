using Latchkey.Contract;

namespace Latchkey.Bench.Datapath;

/// <summary>A link that takes everything at once, and from which nothing comes.</summary>
internal sealed class Nowhere : IPacketLink
{
    public string Name => "nowhere";

    public int Receive(PacketBatch batch, int timeoutMilliseconds) => 0;

    public void Send(PacketBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].SendResult = 0;
        }
    }

    public void Interrupt()
    {
    }

    public void Dispose()
    {
    }
}
