using System.Threading.Channels;
using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.State;
using Latchkey.Engine;
using Latchkey.Latching;

namespace Latchkey.Daemon.Pins;

/// <summary>
/// Writes to the pin store, one thing after the other and away from the engine's thread: a disk that takes its time to sync
/// holds up newcomers, and no latch.
/// </summary>
/// <param name="tell">Told in a sentence when recording begins to fail (true), and when it works again (false).</param>
internal sealed class PinKeeper(PinStore store, EngineLoop loop, Action<bool, string> tell) : IPinKeeper, IAsyncDisposable
{
    /// <summary>With more than this to do, sightings are not counted.</summary>
    private const int Backlog = 256;

    // Bounded by those who may fill it: the IKE core has only so many peers in the making, and each waits for one answer.
    private readonly Channel<Func<Task>> _work = System.Threading.Channels.Channel.CreateUnbounded<Func<Task>>();
    private Task _worker = Task.CompletedTask;
    private string? _problem;

    /// <summary>Why nothing can be recorded at present; null when it can.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    public void Start() => _worker = Task.Run(Work);

    public void Keep(RecordPin record)
    {
        ArgumentNullException.ThrowIfNull(record);
        _work.Writer.TryWrite(() => Record(record));
    }

    public void Count(CountSighting sighting)
    {
        ArgumentNullException.ThrowIfNull(sighting);
        if (_work.Reader.Count < Backlog)
        {
            _work.Writer.TryWrite(() =>
            {
                Try(() => store.Seen(sighting.Address, sighting.Key));
                return Task.CompletedTask;
            });
        }
    }

    /// <summary>Does what a person asked for.</summary>
    /// <exception cref="StateException">It is not recorded.</exception>
    public async Task ChangeAsync(Action<PinStore> change, CancellationToken cancellation)
    {
        if (await AskAsync(() => Try(() => change(store)), cancellation).ConfigureAwait(false) is { } problem)
        {
            throw new StateException(problem);
        }
    }

    /// <summary>Every pin that is recorded; null when the store cannot be read.</summary>
    public Task<IReadOnlyList<PinRecord>?> ListAsync(CancellationToken cancellation) => AskAsync(
        () =>
        {
            try
            {
                return store.List();
            }
            catch (StateException)
            {
                return null;
            }
        },
        cancellation);

    /// <summary>Ends after what waits already.</summary>
    public async ValueTask DisposeAsync()
    {
        _work.Writer.TryComplete();
        await _worker.ConfigureAwait(false);
    }

    private async Task<T> AskAsync<T>(Func<T> question, CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _work.Writer.WriteAsync(
            () =>
            {
                answer.SetResult(question());
                return Task.CompletedTask;
            },
            cancellation).ConfigureAwait(false);
        return await answer.Task.ConfigureAwait(false);
    }

    private async Task Work()
    {
        await foreach (var job in _work.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            await job().ConfigureAwait(false);
        }
    }

    private async Task Record(RecordPin record)
    {
        var problem = Try(() => store.Record(record.Pin, record.Key, record.InPlaceOf));
        try
        {
            // Unlike a post this waits for room in the queue: the newcomer waits for the answer.
            await loop.AskAsync((engine, now) => Answer(engine, now, record.Pin, problem), CancellationToken.None).ConfigureAwait(false);
        }
        catch (InvalidOperationException)
        {
            // The engine stopped, and nobody is let in any more.
        }
    }

    private static bool Answer(LatchEngine engine, TimeSpan now, Pin pin, string? problem)
    {
        engine.HandlePinRecorded(now, pin, problem);
        return true;
    }

    private string? Try(Action write)
    {
        string? problem = null;
        try
        {
            write();
        }
        catch (StateException e)
        {
            problem = e.Message;
        }

        var before = Interlocked.Exchange(ref _problem, problem);
        if (problem is null != before is null)
        {
            tell(problem is not null, problem is null
                ? "pins can be recorded again"
                : $"pins cannot be recorded: {problem}. New first-use peers are refused until they can be; running connections go on");
        }

        return problem;
    }
}
