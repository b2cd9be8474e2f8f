using Latchkey.Daemon.Control;

namespace Latchkey.Daemon.Hosting;

/// <summary>What the daemon knows of the applications behind its latches, and what they asked for.</summary>
internal sealed class Applications : IDisposable
{
    private readonly HostSockets _sockets = new();

    public Applications(DaemonClock clock)
    {
        Alerts = new OwnerAlerts(_sockets, TimeProvider.System);
        Expected = new ExpectedFlows(clock);
    }

    public ISocketOwners Sockets => _sockets;

    public OwnerAlerts Alerts { get; }

    public ExpectedFlows Expected { get; }

    public ListenerWishes Listeners { get; } = new();

    public void Dispose()
    {
        _sockets.Dispose();
        Listeners.Dispose();
    }
}
