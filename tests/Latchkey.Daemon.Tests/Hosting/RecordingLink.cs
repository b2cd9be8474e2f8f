using Latchkey.Contract;

namespace Latchkey.Daemon.Tests.Hosting;

/// <summary>A link that keeps what is sent, in hexadecimal.</summary>
internal sealed class RecordingLink : IPacketLink
{
    public List<string> Sent { get; } = [];

    public string Name => "recording";

    public int Receive(PacketBatch batch, int timeoutMilliseconds) => 0;

    public void Send(PacketBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            Sent.Add(Convert.ToHexStringLower(batch.Data(i)));
        }
    }

    public bool WaitForRoom(int timeoutMilliseconds) => true;

    public void Interrupt()
    {
    }

    public void Dispose()
    {
    }
}
