using Latchkey.Contract;
using Latchkey.Ike;

namespace Latchkey.Daemon.Hosting;

/// <summary>The thread that reads UDP port 500. (Port 4500 is the datapath's, which hands on what is IKE.)</summary>
internal sealed class IkeReceiver : IDisposable
{
    private const int BatchSize = 64;

    private readonly IPacketLink _link;
    private readonly IkeDoor _door;
    private readonly Thread _thread;
    private volatile bool _stopped;

    public IkeReceiver(IPacketLink link, IkeDoor door)
    {
        _link = link;
        _door = door;
        _thread = new Thread(Run) { Name = "ike", IsBackground = true };
    }

    public void Start() => _thread.Start();

    public void Dispose()
    {
        _stopped = true;
        _link.Interrupt();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        var batch = new PacketBatch(BatchSize, IkeLinks.LargestDatagram);
        Span<byte> answer = stackalloc byte[InitGate.AnswerLength];
        while (!_stopped)
        {
            _link.Receive(batch, Timeout.Infinite);
            for (var i = 0; i < batch.Count; i++)
            {
                ref var slot = ref batch[i];
                slot.Length = slot.Length > 0 ? _door.Receive(slot.Local, slot.Remote, batch.Data(i), answer) : 0;
                answer[..slot.Length].CopyTo(batch.Data(i));
            }

            // What is left in the batch are the answers.
            _link.Send(batch);
        }
    }
}
