using System.Threading.Channels;
using Latchkey.Daemon.State;
using Latchkey.Engine;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>
/// Records the hosts that have spoken IPsec, away from the engine's thread. What cannot be recorded is tried again and again,
/// and until it is, no further flow goes in clear: after a restart nobody would know any more.
/// </summary>
/// <param name="tell">Told in a sentence when recording begins to fail (true), and when it works again (false).</param>
internal sealed class IpsecHostKeeper(IpsecHostStore store, EngineLoop loop, TimeSpan retryInterval, Action<bool, string> tell) : IAsyncDisposable
{
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    // Bounded by the engine, which tells of each host once and remembers only so many.
    private readonly Channel<InetAddress> _hosts = Channel.CreateUnbounded<InetAddress>();
    private readonly CancellationTokenSource _stopping = new();
    private Task _worker = Task.CompletedTask;

    public void Start() => _worker = Task.Run(Work);

    /// <summary>Never waits.</summary>
    public void Record(InetAddress host) => _hosts.Writer.TryWrite(host);

    /// <summary>Ends after one more try of what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        _hosts.Writer.TryComplete();
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _worker.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task Work()
    {
        await foreach (var host in _hosts.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            await Keep(host).ConfigureAwait(false);
        }
    }

    private async Task Keep(InetAddress host)
    {
        var failed = false;
        while (Try(host) is { } problem && !_stopping.IsCancellationRequested)
        {
            if (!failed)
            {
                failed = true;
                await Suspend(problem).ConfigureAwait(false);
                tell(true, $"it cannot be recorded that {host} speaks IPsec: {problem}. No further flow goes in clear until it can be; running ones go on");
            }

            await Task.Delay(retryInterval, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (failed && !_stopping.IsCancellationRequested)
        {
            await Suspend(null).ConfigureAwait(false);
            tell(false, $"it is recorded now that {host} speaks IPsec; flows may go in clear again");
        }
    }

    private string? Try(InetAddress host)
    {
        try
        {
            store.Record(host);
            return null;
        }
        catch (StateException e)
        {
            return e.Message;
        }
    }

    private async Task Suspend(string? problem)
    {
        try
        {
            // Unlike a post this waits for room in the queue: it must not be lost.
            await loop.AskAsync((engine, _) => Suspend(engine, problem), CancellationToken.None).ConfigureAwait(false);
        }
        catch (InvalidOperationException)
        {
            // The engine stopped, and nothing goes in clear any more.
        }
    }

    private static bool Suspend(LatchEngine engine, string? problem)
    {
        engine.SuspendClear(problem);
        return true;
    }
}
