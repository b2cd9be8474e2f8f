using Latchkey.Contract;

namespace Latchkey.Datapath;

/// <summary>Runs a <see cref="UserDatapath"/>: one thread for each link, and one for the time.</summary>
public sealed class DatapathThreads : IDisposable
{
    private const int BatchSize = 64;
    private const int ReceiveTimeoutMilliseconds = 1000;

    /// <summary>A thread that waits for room looks this often whether it is to stop.</summary>
    private const int RoomTimeoutMilliseconds = 100;
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(50);

    private readonly UserDatapath _datapath;
    private readonly IPacketSource[] _links;
    private readonly List<Thread> _threads = [];
    private readonly ManualResetEventSlim _stop = new(initialState: false, spinCount: 0);
    private readonly Action<string, Exception> _failed;
    private readonly Action _answer;

    /// <summary>Starts. The links stay the caller's.</summary>
    /// <param name="packetSize">Octets of the largest packet a link receives.</param>
    /// <param name="failed">Told which thread ended, and why; its link moves no more packets.</param>
    /// <param name="answer">
    /// Called after each batch, in no lane, so that what the batch asked (<see cref="IDatapathEvents"/>) can be answered without waking
    /// another thread.
    /// </param>
    public DatapathThreads(UserDatapath datapath, IPacketDevice tun, OuterLinks outer, int packetSize, Action<string, Exception> failed, Action? answer = null)
    {
        ArgumentNullException.ThrowIfNull(outer);
        _datapath = datapath;
        _failed = failed;
        _answer = answer ?? (() => { });
        _links = [tun, .. outer.All.Select(o => o.Link)];
        Start("clock", RunClock);
        Start(tun.Name, () => RunLink(tun, packetSize, datapath.ProcessOutbound, datapath.WaitForRoom));
        foreach (var (link, encapsulation) in outer.All)
        {
            Start(link.Name, () => RunLink(link, packetSize, batch => datapath.ProcessInbound(batch, encapsulation)));
        }
    }

    /// <summary>Stops all threads and waits for them.</summary>
    public void Dispose()
    {
        _stop.Set();
        foreach (var link in _links)
        {
            link.Interrupt();
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }

        _stop.Dispose();
    }

    private void Start(string name, Action run)
    {
        var thread = new Thread(() =>
        {
            try
            {
                run();
            }
#pragma warning disable CA1031 // The last frame of the thread: whatever ended it is told, not lost.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _failed(name, e);
            }
        })
        {
            IsBackground = true,
            Name = $"datapath {name}",
        };
        _threads.Add(thread);
        thread.Start();
    }

    private void RunLink(IPacketSource link, int packetSize, Action<PacketBatch> process, Func<int, bool>? waitForRoom = null)
    {
        var batch = new PacketBatch(BatchSize, packetSize);
        while (!_stop.IsSet)
        {
            if (waitForRoom?.Invoke(RoomTimeoutMilliseconds) != false && link.Receive(batch, ReceiveTimeoutMilliseconds) > 0)
            {
                process(batch);
                _answer();

                // Whom the batch was for was woken by it, and goes before the next look (docs/decisions/fast-datapath.md).
                Thread.Yield();
            }
        }
    }

    private void RunClock()
    {
        while (!_stop.Wait(TickInterval))
        {
            _datapath.Tick();
            _answer();
        }
    }
}
