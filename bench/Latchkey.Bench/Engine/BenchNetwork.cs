using Latchkey.Engine;
using Latchkey.Wire;

namespace Latchkey.Bench.Engine;

/// <summary>Carries IKE messages between hosts at once, in virtual time: what is measured is computing, not waiting.</summary>
internal sealed class BenchNetwork
{
    private readonly Dictionary<InetAddress, BenchHost> _hosts = [];
    private readonly Queue<SendIke> _underWay = new();

    public TimeSpan Now { get; private set; } = TimeSpan.FromHours(1);

    /// <summary>Whoever was at the address before is gone.</summary>
    public BenchHost Plug(BenchHost host) => _hosts[host.Address] = host;

    /// <summary>The host is gone without a word.</summary>
    public void Unplug(BenchHost host) => _hosts.Remove(host.Address);

    public void Send(SendIke message) => _underWay.Enqueue(message);

    public void Deliver()
    {
        while (_underWay.TryDequeue(out var message))
        {
            if (_hosts.TryGetValue(message.Remote.Address, out var host))
            {
                host.Call(engine => engine.HandleIkeDatagram(Now, message.Remote, message.Local, message.Message));
            }
        }
    }

    /// <summary>Delivers, and lets time pass from deadline to deadline, until something is so.</summary>
    public void RunUntil(Func<bool> so)
    {
        Deliver();
        while (!so())
        {
            var next = _hosts.Values.Where(h => h.Engine.NextDeadline is not null).MinBy(h => h.Engine.NextDeadline)
                ?? throw new InvalidOperationException("nothing will happen any more, and it is not so");
            Now = next.Engine.NextDeadline is { } due && due > Now ? due : Now;
            next.Call(engine => engine.HandleDeadline(Now));
            Deliver();
        }
    }
}
