using System.Collections.Concurrent;
using Latchkey.Engine;

namespace Latchkey.Daemon.Hosting;

/// <summary>
/// The one thread that owns the engine. Whatever comes from outside is a message in a bounded queue; after each message
/// the effects are carried out, in order, before the next one is looked at.
/// </summary>
public sealed class EngineLoop : IDisposable
{
    /// <summary>Messages waiting at most. A datapath repeats its questions and IKE retransmits, so a lost message heals.</summary>
    private const int Backlog = 16384;

    /// <summary>From here on datagrams of strangers are dropped, so that a flood leaves room for our own flows and commands.</summary>
    private const int BacklogForStrangers = Backlog / 2;

    private readonly LatchEngine _engine;
    private readonly DaemonClock _clock;
    private readonly BlockingCollection<Action<LatchEngine, TimeSpan>> _inputs = new(Backlog);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private Action<Effect> _carryOut = _ => throw new InvalidOperationException("the loop has not started");
    private long _refused;

    // Only the loop's thread looks at it: stopping is a message like any other.
    private bool _stopped;

    public EngineLoop(LatchEngine engine, DaemonClock clock)
    {
        _engine = engine;
        _clock = clock;
        _thread = new Thread(Run) { Name = "engine", IsBackground = true };
    }

    /// <summary>Ends when the loop does; with an exception when it failed, and then nobody watches the latches any more.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Messages that found the queue full.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <param name="carryOut">Called on the loop's thread with each effect, in the engine's order.</param>
    public void Start(Action<Effect> carryOut)
    {
        _carryOut = carryOut;
        _thread.Start();
    }

    /// <summary>Hands a message to the engine. Any thread; never waits.</summary>
    public void Post(Action<LatchEngine, TimeSpan> message) => TryPost(message, Backlog);

    /// <summary>As <see cref="Post"/>, for what anybody on the network can send.</summary>
    public void PostFromStranger(Action<LatchEngine, TimeSpan> message) => TryPost(message, BacklogForStrangers);

    /// <summary>Asks the engine, and answers once the effects of the question are carried out.</summary>
    /// <exception cref="InvalidOperationException">The loop ended before it could answer.</exception>
    public async Task<T> AskAsync<T>(Func<LatchEngine, TimeSpan, T> question, CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _inputs.Add(
            (engine, now) =>
            {
                var value = question(engine, now);
                CarryOutEffects();
                answer.TrySetResult(value);
            },
            cancellation);
        await Task.WhenAny(answer.Task, _ended.Task).WaitAsync(cancellation).ConfigureAwait(false);
        return answer.Task.IsCompleted ? await answer.Task.ConfigureAwait(false) : throw new InvalidOperationException("the engine has stopped");
    }

    /// <summary>Ends the loop after the messages that wait already, and waits for it.</summary>
    public void Dispose()
    {
        if (_thread.IsAlive)
        {
            _inputs.Add((_, _) => _stopped = true);
            _thread.Join();
        }

        _inputs.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!_stopped)
            {
                Step();
            }

            _ended.TrySetResult();
        }
#pragma warning disable CA1031 // The engine's state is unknown after any exception: whoever awaits Ended stops the daemon.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _ended.TrySetException(e);
        }
    }

    private void Step()
    {
        if (_engine.NextDeadline is { } due && due <= _clock.Now)
        {
            _engine.HandleDeadline(_clock.Now);
            CarryOutEffects();
        }

        if (_inputs.TryTake(out var input, WaitMilliseconds()))
        {
            input(_engine, _clock.Now);
            CarryOutEffects();
        }
    }

    private void CarryOutEffects()
    {
        while (_engine.TryTakeEffect(out var effect))
        {
            _carryOut(effect);
        }
    }

    /// <summary>Until the next deadline, rounded up: a millisecond late costs less than spinning until it is due.</summary>
    private int WaitMilliseconds() => _engine.NextDeadline is not { } due
        ? Timeout.Infinite
        : (int)Math.Clamp(Math.Ceiling((due - _clock.Now).TotalMilliseconds), 0, int.MaxValue);

    private void TryPost(Action<LatchEngine, TimeSpan> message, int limit)
    {
        if (_inputs.Count >= limit || !_inputs.TryAdd(message))
        {
            Interlocked.Increment(ref _refused);
        }
    }
}
