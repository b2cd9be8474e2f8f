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

    public EngineLoopTests()
    {
        var entry = new ProtectEntry { Name = "all", Protocol = IpProtocol.Tcp, Trust = TrustLevel.Anyone };
        _engine = new LatchEngine(DaemonHost.EngineSettings(new DaemonSettings(), []), new SecurityPolicy([entry], []), _identity, SystemRandom.Instance);
        _loop = new EngineLoop(_engine, new DaemonClock());
    }

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

        questions.OutboundFlowUnknown(Flow);
        var latches = await _loop.AskAsync((engine, _) => engine.Latches(), Cancellation);

        Assert.Equal(LatchState.Larval, Assert.Single(latches).State);
        Assert.Contains(done, e => e is SendIke);
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
        questions.OutboundFlowUnknown(Flow);
        Assert.Equal(refused, _loop.Refused);
    }

    [Fact]
    public void A_flood_of_first_messages_is_answered_at_the_door_and_does_not_reach_the_engine()
    {
        var questions = Questions();
        var somebody = new InetEndpoint(Flow.Remote, 500);
        var most = DaemonHost.EngineSettings(new DaemonSettings(), []).Ike.CookieRate;
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

    private DatapathQuestions Questions() =>
        new(_loop, new FakeSockets(), new ExpectedFlows(new DaemonClock()), narrowed: _ => { }, new IkeDoor(_engine.Gate, new IkeLinks(_on500, new RecordingLink()), _loop, new DaemonClock()));

    private static bool Orphan(LatchEngine engine, TimeSpan now)
    {
        engine.CloseOrphans(now, [Flow], held: FrozenSet<FlowKey>.Empty);
        return true;
    }
}
