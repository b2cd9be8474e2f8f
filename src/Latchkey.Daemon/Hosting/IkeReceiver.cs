using Latchkey.Contract;

namespace Latchkey.Daemon.Hosting;

/// <summary>The thread that reads UDP port 500. (Port 4500 is the datapath's, which hands on what is IKE.)</summary>
internal sealed class IkeReceiver : IDisposable
{
    private const int BatchSize = 8;

    private readonly IPacketLink _link;
    private readonly IDatapathEvents _events;
    private readonly Thread _thread;
    private volatile bool _stopped;

    public IkeReceiver(IPacketLink link, IDatapathEvents events)
    {
        _link = link;
        _events = events;
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
        while (!_stopped)
        {
            _link.Receive(batch, Timeout.Infinite);
            for (var i = 0; i < batch.Count; i++)
            {
                if (batch[i].Length > 0)
                {
                    _events.IkeDatagram(batch[i].Local, batch[i].Remote, batch.Data(i).ToArray());
                }
            }
        }
    }
}
