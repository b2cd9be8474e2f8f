using System.Collections.Concurrent;
using System.Collections.Frozen;
using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.Tests.Control;
using Latchkey.Engine;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Daemon.Tests.Hosting;

public sealed class EngineLoopTests : IDisposable
{
    private static readonly FlowKey Flow = new(IpProtocol.Tcp, InetAddress.Parse("192.0.2.1"), 7000, InetAddress.Parse("192.0.2.7"), 40000);

    private readonly SigningKey _identity = SigningKey.Generate(SystemRandom.Instance);
    private readonly RecordingLink _on500 = new();
    private readonly LatchEngine _engine;
    private readonly EngineLoop _loop;
    private Func<Effect, bool> _mayWait = _ => false;

    public EngineLoopTests()
    {
        var entry = new ProtectEntry { Name = "all", Protocol = IpProtocol.Tcp, Trust = TrustLevel.Anyone };
        _engine = new LatchEngine(EngineConfiguration.Of(new DaemonSettings(), []), new SecurityPolicy([entry], []), _identity, SystemRandom.Instance);
        _loop = new EngineLoop(_engine, new DaemonClock(), effect => _mayWait(effect));
    }

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _loop.Dispose();
        _engine.Dispose();
        _identity.Dispose();
    }

    [Fact]
    public async Task A_question_is_answered_after_its_effects_are_carried_out()
    {
        var done = new ConcurrentQueue<Effect>();
        _loop.Start(done.Enqueue);

        await _loop.AskAsync((engine, now) => Orphan(engine, now), Cancellation);

        Assert.IsType<BlockFlow>(done.First());
        Assert.Contains(done, e => e is Raise { Event.Kind: EventKind.LatchClosed });
    }

    [Fact]
    public async Task Messages_are_handled_in_their_order()
    {
        var done = new ConcurrentQueue<Effect>();
        _loop.Start(done.Enqueue);
        var questions = Questions();

        questions.OutboundFlowUnknown(Flow, midway: false);
        var latches = await _loop.AskAsync((engine, _) => engine.Latches(), Cancellation);

        Assert.Equal(LatchState.Larval, Assert.Single(latches).State);
        Assert.Contains(done, e => e is SendIke);
    }

    [Fact]
    public async Task What_a_packet_waits_for_is_answered_by_the_thread_that_asked()
    {
        var done = new ConcurrentQueue<(Effect Effect, int Thread)>();
        _loop.Start(effect => done.Enqueue((effect, Environment.CurrentManagedThreadId)));

        Assert.Contains(await AskUntilAnsweredHere(done), e => e is SendIke);
    }

    [Fact]
    public async Task A_question_does_not_wait_for_whoever_works_on_the_engine()
    {
        var done = new ConcurrentQueue<(Effect Effect, int Thread)>();
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Start(effect =>
        {
            done.Enqueue((effect, Environment.CurrentManagedThreadId));
            if (effect is SendIke)
            {
                sent.TrySetResult();
            }
        });
        using var atWork = new ManualResetEventSlim();
        using var mayEnd = new ManualResetEventSlim();
        var work = _loop.AskAsync(
            (_, _) =>
            {
                atWork.Set();
                return mayEnd.Wait(Limit, Cancellation);
            },
            Cancellation);
        Assert.True(atWork.Wait(Limit, Cancellation));

        Questions().OutboundFlowUnknown(Flow, midway: false);
        _loop.AnswerQuestions();
        var before = done.Count;
        mayEnd.Set();

        Assert.True(await work);
        await sent.Task.WaitAsync(Limit, Cancellation);
        Assert.Equal(0, before);
    }

    [Fact]
    public async Task From_the_first_effect_that_may_wait_on_they_are_left_to_the_loops_thread_in_their_order()
    {
        var done = new ConcurrentQueue<(Effect Effect, int Thread)>();
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _mayWait = effect => effect is BlockFlow;
        _loop.Start(effect =>
        {
            done.Enqueue((effect, Environment.CurrentManagedThreadId));
            if (effect is Raise { Event.Kind: EventKind.LatchClosed })
            {
                closed.TrySetResult();
            }
        });
        await AskUntilAnsweredHere(done);
        done.Clear();
        var here = Environment.CurrentManagedThreadId;

        _loop.PostQuestion((engine, now) => Orphan(engine, now));
        _loop.AnswerQuestions();
        await closed.Task.WaitAsync(Limit, Cancellation);

        Assert.IsType<BlockFlow>(done.First().Effect);
        Assert.All(done, d => Assert.NotEqual(here, d.Thread));
    }

    [Fact]
    public async Task A_deadline_that_an_answer_sets_is_kept()
    {
        var done = new ConcurrentQueue<(Effect Effect, int Thread)>();
        var again = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answered = false;
        _loop.Start(effect =>
        {
            done.Enqueue((effect, Environment.CurrentManagedThreadId));
            if (effect is SendIke && Volatile.Read(ref answered))
            {
                again.TrySetResult();
            }
        });

        await AskUntilAnsweredHere(done);
        Volatile.Write(ref answered, true);

        // Nobody answers the first message, so the loop's thread has to send it again.
        await again.Task.WaitAsync(Limit, Cancellation);
    }

    [Fact]
    public async Task When_an_effect_fails_the_loop_ends_and_says_so_and_nobody_waits_for_an_answer()
    {
        _loop.Start(_ => throw new InvalidOperationException("the datapath is gone"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => _loop.AskAsync((engine, now) => Orphan(engine, now), Cancellation));

        Assert.Contains("the datapath is gone", (await Assert.ThrowsAsync<InvalidOperationException>(() => _loop.Ended)).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => _loop.AskAsync((engine, _) => engine.Latches(), Cancellation));
    }

    [Fact]
    public void A_flood_from_strangers_leaves_room_for_our_own_flows()
    {
        // Not started, so that nothing is taken out of the queue.
        var questions = Questions();
        var somebody = new InetEndpoint(Flow.Remote, 500);
        for (var i = 0; i < 20_000; i++)
        {
            questions.IkeDatagram(somebody, somebody, []);
        }

        var refused = _loop.Refused;
        Assert.InRange(refused, 1, 19_999);
        questions.OutboundFlowUnknown(Flow, midway: false);
        Assert.Equal(refused, _loop.Refused);
    }

    [Fact]
    public void A_flood_of_first_messages_is_answered_at_the_door_and_does_not_reach_the_engine()
    {
        var questions = Questions();
        var somebody = new InetEndpoint(Flow.Remote, 500);
        var most = EngineConfiguration.Of(new DaemonSettings(), []).Ike.CookieRate;
        var first = new IkeMessage(
            IkeHeader.ForRequest(1, 0, ExchangeType.IkeSaInit, fromInitiator: true, messageId: 0), [new NoncePayload(new byte[32])]).ToBytes();
        for (var i = 0; i < most + 20_000; i++)
        {
            questions.IkeDatagram(somebody, somebody, first);
        }

        Assert.Equal(0, _loop.Refused);
        Assert.InRange(_engine.IkeDrops[IkeDropReason.CookieAsked], 1, 20_000);
        Assert.Equal(_engine.IkeDrops[IkeDropReason.CookieAsked], _on500.Sent.Count);
    }

    /// <summary>The loop's thread may be busy for a moment, and then it answers instead.</summary>
    private async Task<IReadOnlyList<Effect>> AskUntilAnsweredHere(ConcurrentQueue<(Effect Effect, int Thread)> done)
    {
        var questions = Questions();
        for (var host = 1; host < 255; host++)
        {
            // Nothing else is to do once this is answered.
            await _loop.AskAsync((_, _) => true, Cancellation);
            done.Clear();
            var here = Environment.CurrentManagedThreadId;
            questions.OutboundFlowUnknown(Flow with { Remote = InetAddress.Parse($"198.51.100.{host}") }, midway: false);
            _loop.AnswerQuestions();
            if (done.Where(d => d.Thread == here).Select(d => d.Effect).ToList() is { Count: > 0 } answered)
            {
                return answered;
            }
        }

        throw new InvalidOperationException("the loop's thread was never idle");
    }

    private DatapathQuestions Questions() =>
        new(_loop, new FakeSockets(), new ExpectedFlows(new DaemonClock()), narrowed: _ => { }, new IkeDoor(_engine.Gate, new IkeLinks(_on500, new RecordingLink()), _loop, new DaemonClock()));

    private static bool Orphan(LatchEngine engine, TimeSpan now)
    {
        engine.CloseOrphans(now, [Flow], held: FrozenSet<FlowKey>.Empty);
        return true;
    }
}
