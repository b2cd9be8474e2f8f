using Latchkey.Engine;

namespace Latchkey.Daemon.Hosting;

/// <summary>
/// Owns the engine. Whatever comes from outside is a message in a bounded queue; after each message the effects are
/// carried out, in order, before the next one is looked at.
/// </summary>
/// <remarks>
/// A thread of its own does that. It costs tens of microseconds to wake it, more than most messages; so a question that holds up
/// a packet may be answered by the thread that asked it (<see cref="AnswerQuestions"/>) while nobody else works on the engine. Only
/// one thread ever does.
/// </remarks>
public sealed class EngineLoop : IDisposable
{
    /// <summary>Messages waiting at most. A datapath repeats its questions and IKE retransmits, so a lost message heals.</summary>
    private const int Backlog = 16384;

    /// <summary>From here on datagrams of strangers are dropped, so that a flood leaves room for our own flows and commands.</summary>
    private const int BacklogForStrangers = Backlog / 2;

    private readonly LatchEngine _engine;
    private readonly DaemonClock _clock;
    private readonly EngineQueue _inputs = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private readonly Func<Effect, bool> _mayWait;
    private Action<Effect> _carryOut = _ => throw new InvalidOperationException("the loop has not started");
    private long _refused;

    // Whoever works on the engine has it, and what follows.
    private readonly Lock _working = new();
    private bool _stopped;
    private TimeSpan? _wakesAt;
    private Effect? _leftOver;

    /// <param name="mayWait">Effects for which no packet is to wait: only the loop's own thread carries them out. Null: none.</param>
    public EngineLoop(LatchEngine engine, DaemonClock clock, Func<Effect, bool>? mayWait = null)
    {
        _engine = engine;
        _clock = clock;
        _mayWait = mayWait ?? (_ => false);
        _thread = new Thread(Run) { Name = "engine", IsBackground = true };
    }

    /// <summary>Ends when the loop does; with an exception when it failed, and then nobody watches the latches any more.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Messages that found the queue full.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <param name="carryOut">Called with each effect, in the engine's order, by one thread at a time.</param>
    public void Start(Action<Effect> carryOut)
    {
        _carryOut = carryOut;
        _thread.Start();
    }

    /// <summary>Hands a message to the engine. Any thread; never waits.</summary>
    public void Post(Action<LatchEngine, TimeSpan> message) => TryPost(message, Backlog);

    /// <summary>As <see cref="Post"/>, for what anybody on the network can send.</summary>
    public void PostFromStranger(Action<LatchEngine, TimeSpan> message) => TryPost(message, BacklogForStrangers);

    /// <summary>
    /// As <see cref="Post"/>, for a question that holds up a packet. Wakes nobody: the caller calls <see cref="AnswerQuestions"/> as
    /// soon as it holds nothing that the effects need.
    /// </summary>
    public void PostQuestion(Action<LatchEngine, TimeSpan> question)
    {
        if (!_inputs.TryAdd(new(question, IsQuestion: true), Backlog))
        {
            Interlocked.Increment(ref _refused);
        }
    }

    /// <summary>Answers what <see cref="PostQuestion"/> asked, on this thread if the engine is idle, or else on the loop's.</summary>
    public void AnswerQuestions()
    {
        if (!_inputs.HasQuestions)
        {
            return;
        }

        var answered = false;
        if (_working.TryEnter())
        {
            try
            {
                answered = TryAnswer();
            }
            finally
            {
                _working.Exit();
            }
        }

        if (!answered)
        {
            _inputs.Wake();
        }
    }

    /// <summary>Asks the engine, and answers once the effects of the question are carried out.</summary>
    /// <exception cref="InvalidOperationException">The loop ended before it could answer.</exception>
    public async Task<T> AskAsync<T>(Func<LatchEngine, TimeSpan, T> question, CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);

        // However full the queue is: those who ask are few, and wait for the answer.
        _inputs.TryAdd(
            new((engine, now) =>
            {
                var value = question(engine, now);
                CarryOutEffects();
                answer.TrySetResult(value);
            }),
            int.MaxValue);
        await Task.WhenAny(answer.Task, _ended.Task).WaitAsync(cancellation).ConfigureAwait(false);
        return answer.Task.IsCompleted ? await answer.Task.ConfigureAwait(false) : throw new InvalidOperationException("the engine has stopped");
    }

    /// <summary>Ends the loop after the messages that wait already, and waits for it.</summary>
    public void Dispose()
    {
        if (_thread.IsAlive)
        {
            _inputs.TryAdd(new((_, _) => _stopped = true), int.MaxValue);
            _thread.Join();
        }
    }

    private void Run()
    {
        while (true)
        {
            lock (_working)
            {
                try
                {
                    Work();
                    _wakesAt = _engine.NextDeadline;
                }
                catch (Exception e) when (Fail(e))
                {
                }

                if (_stopped)
                {
                    _ended.TrySetResult();
                    return;
                }
            }

            _inputs.Wait(WaitMilliseconds());
        }
    }

    /// <summary>Whatever there is to do.</summary>
    private void Work()
    {
        CarryOutEffects();
        Message input;
        do
        {
            if (_engine.NextDeadline is { } due && due <= _clock.Now)
            {
                _engine.HandleDeadline(_clock.Now);
                CarryOutEffects();
            }

            if (!_inputs.TryTake(onlyQuestion: false, out input))
            {
                return;
            }

            input.Run(_engine, _clock.Now);
            CarryOutEffects();
        }
        while (!_stopped);
    }

    /// <returns>False when the loop's thread has something left to do.</returns>
    private bool TryAnswer()
    {
        try
        {
            while (!_stopped && _leftOver is null && _inputs.TryTake(onlyQuestion: true, out var question))
            {
                question.Run(_engine, _clock.Now);
                while (_leftOver is null && _engine.TryTakeEffect(out var effect))
                {
                    if (_mayWait(effect))
                    {
                        _leftOver = effect;
                    }
                    else
                    {
                        _carryOut(effect);
                    }
                }
            }
        }
        catch (Exception e) when (Fail(e))
        {
        }

        return !_stopped && _leftOver is null && !_inputs.HasQuestions && !(_engine.NextDeadline is { } due && (_wakesAt is not { } at || due < at));
    }

    private void CarryOutEffects()
    {
        if (_leftOver is { } left)
        {
            _leftOver = null;
            _carryOut(left);
        }

        while (_engine.TryTakeEffect(out var effect))
        {
            _carryOut(effect);
        }
    }

    /// <summary>The engine's state is unknown after any exception: whoever awaits <see cref="Ended"/> stops the daemon.</summary>
    private bool Fail(Exception e)
    {
        _stopped = true;
        _ended.TrySetException(e);
        return true;
    }

    /// <summary>Until the next deadline, rounded up: a millisecond late costs less than spinning until it is due.</summary>
    private int WaitMilliseconds() => _wakesAt is not { } due
        ? Timeout.Infinite
        : (int)Math.Clamp(Math.Ceiling((due - _clock.Now).TotalMilliseconds), 0, int.MaxValue);

    private void TryPost(Action<LatchEngine, TimeSpan> message, int limit)
    {
        if (!_inputs.TryAdd(new(message), limit))
        {
            Interlocked.Increment(ref _refused);
        }
    }
}
