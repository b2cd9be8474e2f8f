using Latchkey.Linux;
using Latchkey.Linux.Netlink;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>
/// Looks at the host's sockets every second and tells the engine which latched flows lost theirs and who listens.
/// (A socket that closes sends its last packets first; nothing depends on noticing sooner.)
/// </summary>
/// <param name="looked">Called after every look: flows may be held no more.</param>
internal sealed class SocketWatch(EngineLoop loop, ListenerWishes wishes, Func<CancellationToken, Task> looked)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly SocketCensus _census = new();

    /// <exception cref="LinuxException">The kernel cannot list sockets.</exception>
    public static IReadOnlyList<SocketEntry> Sockets()
    {
        using var table = new SocketTable();
        return [.. table.List(IpProtocol.Tcp), .. table.List(IpProtocol.Udp)];
    }

    /// <param name="failed">Told once when the kernel stops listing sockets; the latches then stay until the daemon stops.</param>
    public async Task RunAsync(Action<LinuxException> failed, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                await wishes.InTurnAsync(() => LookAsync(cancellation), cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The daemon stops.
        }
        catch (LinuxException e)
        {
            failed(e);
        }
    }

    private async Task<bool> LookAsync(CancellationToken cancellation)
    {
        // First the flows, then the sockets: a flow that is born in between is not missed.
        var flows = await loop.AskAsync((engine, _) => engine.LatchedFlows().ToList(), cancellation).ConfigureAwait(false);
        var sockets = Sockets();
        var gone = _census.Look(flows, sockets);
        var listeners = SocketCensus.Listeners(sockets);
        var orphaned = wishes.Orphaned(sockets);
        await loop.AskAsync(
            (engine, now) =>
            {
                foreach (var listener in orphaned)
                {
                    engine.ForgetWishes(listener);
                }

                engine.HandleListeners(now, listeners);
                engine.HandleSocketsGone(now, gone);
                return true;
            },
            cancellation).ConfigureAwait(false);
        await looked(cancellation).ConfigureAwait(false);
        return true;
    }
}
