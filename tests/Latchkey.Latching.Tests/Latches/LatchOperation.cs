using Latchkey.Wire;

namespace Latchkey.Latching.Tests.Latches;

/// <summary>The latch database and the channel table, used as the engine uses them.</summary>
internal sealed class RealLatches
{
    public LatchDatabase Latches { get; } = new();

    public ChannelTable Channels { get; } = new();
}

/// <summary>One operation of a history. Done to the real database and to the plain one, it must say the same.</summary>
internal abstract record LatchOperation
{
    protected const string Refused = "refused";
    protected const string NotFound = "not found";

    public abstract string Do(RealLatches real, TimeSpan now, ProtectEntry entry);

    public abstract string Do(PlainLatches plain, TimeSpan now);

    /// <summary>An operation on the latch of a flow, which FIND_LATCH finds first.</summary>
    protected static string With(RealLatches real, FlowKey flow, Func<Latch, string> what) => real.Latches.Find(flow) is { } latch ? Try(() => what(latch)) : NotFound;

    protected static string With(PlainLatches plain, FlowKey flow, Func<PlainLatches.Connection, string> what) => plain.Find(flow) is { } found ? what(found) : NotFound;

    protected static string Try(Func<string> what)
    {
        try
        {
            return what();
        }
        catch (InvalidOperationException)
        {
            return Refused;
        }
    }
}

/// <summary>CREATE_LISTENER_LATCH.</summary>
internal sealed record Listen(ListenerKey Key) : LatchOperation
{
    public override string Do(RealLatches real, TimeSpan now, ProtectEntry entry) =>
        real.Latches.TryCreateListener(now, Key, entry, out var latch) ? $"listener {latch.Id}" : Refused;

    public override string Do(PlainLatches plain, TimeSpan now) => plain.Listen(now, Key) ? $"listener {plain.Listeners[^1].Id}" : Refused;
}

/// <summary>RELEASE_LATCH of a listener.</summary>
internal sealed record StopListening(ListenerKey Key) : LatchOperation
{
    public override string Do(RealLatches real, TimeSpan now, ProtectEntry entry) => $"{real.Latches.ReleaseListener(Key)}";

    public override string Do(PlainLatches plain, TimeSpan now) => $"{plain.StopListening(Key)}";
}

/// <summary>CREATE_CONNECTION_LATCH, deferred to the first SA (L23).</summary>
internal sealed record Await(FlowKey Flow) : LatchOperation
{
    public override string Do(RealLatches real, TimeSpan now, ProtectEntry entry) => Try(() => $"latch {real.Latches.CreateLarval(now, Flow, entry).Id}");

    public override string Do(PlainLatches plain, TimeSpan now) => plain.Create(now, Flow, LatchState.Larval) is { } made ? $"latch {made.Id}" : Refused;
}

/// <summary>CREATE_CONNECTION_LATCH with parameters.</summary>
internal sealed record Connect(FlowKey Flow, ChannelParameters Parameters) : LatchOperation
{
    // A caller asks whether the flow has a latch before it asks for a channel.
    public override string Do(RealLatches real, TimeSpan now, ProtectEntry entry) => real.Latches.Find(Flow) is not null
        ? Try(() => $"latch {real.Latches.CreateEstablished(now, Flow, entry, real.Latches.Find(Flow)!.Channel!).Id}")
        : $"latch {real.Latches.CreateEstablished(now, Flow, entry, real.Channels.For(Parameters)).Id}";

    public override string Do(PlainLatches plain, TimeSpan now) => plain.Create(now, Flow, LatchState.Established, Parameters) is { } made ? $"latch {made.Id}" : Refused;
}

/// <summary>A latch born CLOSED (L14).</summary>
internal sealed record Orphan(FlowKey Flow) : LatchOperation
{
    public override string Do(RealLatches real, TimeSpan now, ProtectEntry entry) =>
        Try(() => $"latch {real.Latches.CreateClosed(now, Flow, entry, ClosedReason.DaemonLost).Id}");

    public override string Do(PlainLatches plain, TimeSpan now) =>
        plain.Create(now, Flow, LatchState.Closed, closedBy: ClosedReason.DaemonLost) is { } made ? $"latch {made.Id}" : Refused;
}

/// <summary>An SA came for a LARVAL latch; for any other it must be refused (L12).</summary>
internal sealed record Establish(FlowKey Flow, ChannelParameters Parameters) : LatchOperation
{
    public override string Do(RealLatches real, TimeSpan now, ProtectEntry entry) => With(real, Flow, latch =>
    {
        var channel = latch.State == LatchState.Larval ? real.Channels.For(Parameters) : latch.Channel!;
        real.Latches.Establish(now, latch, channel);
        return $"{channel}";
    });

    public override string Do(PlainLatches plain, TimeSpan now) =>
        With(plain, Flow, latch => plain.Move(now, latch, LatchState.Established, Parameters) ? $"channel {latch.Channel!.Id}" : Refused);
}

internal sealed record Break(FlowKey Flow, BreakReason Reason) : LatchOperation
{
    public override string Do(RealLatches real, TimeSpan now, ProtectEntry entry) => With(real, Flow, latch =>
    {
        latch.Break(now, Reason);
        return "broken";
    });

    public override string Do(PlainLatches plain, TimeSpan now) =>
        With(plain, Flow, latch => plain.Move(now, latch, LatchState.Broken, brokenBy: Reason) ? "broken" : Refused);
}

internal sealed record Restore(FlowKey Flow) : LatchOperation
{
    public override string Do(RealLatches real, TimeSpan now, ProtectEntry entry) => With(real, Flow, latch =>
    {
        latch.Restore(now);
        return "restored";
    });

    public override string Do(PlainLatches plain, TimeSpan now) =>
        With(plain, Flow, latch => plain.Move(now, latch, LatchState.Established) ? "restored" : Refused);
}

internal sealed record Close(FlowKey Flow, ClosedReason Reason) : LatchOperation
{
    public override string Do(RealLatches real, TimeSpan now, ProtectEntry entry) => With(real, Flow, latch =>
    {
        latch.Close(now, Reason);
        return "closed";
    });

    public override string Do(PlainLatches plain, TimeSpan now) => With(plain, Flow, latch =>
    {
        PlainLatches.Close(now, latch, Reason);
        return "closed";
    });
}

/// <summary>RELEASE_LATCH; a channel that no latch holds any more is given back.</summary>
internal sealed record Release(FlowKey Flow) : LatchOperation
{
    public override string Do(RealLatches real, TimeSpan now, ProtectEntry entry) => With(real, Flow, latch =>
    {
        if (real.Latches.Release(now, latch) is not { } unheld)
        {
            return "released";
        }

        real.Channels.Release(unheld);
        return $"released, and {unheld} with it";
    });

    public override string Do(PlainLatches plain, TimeSpan now) =>
        With(plain, Flow, latch => plain.Release(latch) is { } unheld ? $"released, and channel {unheld.Id} with it" : "released");
}

/// <summary>A newcomer's Child SA: whatever it conflicts with breaks (C1, C2, L28).</summary>
internal sealed record Conflict(SelectorSet Selectors, ChannelParameters Parameters) : LatchOperation
{
    public override string Do(RealLatches real, TimeSpan now, ProtectEntry entry)
    {
        var found = real.Latches.FindConflicts(new AddressPair(Parameters.Local, Parameters.Remote), Selectors, Parameters).OrderBy(l => l.Id.Value).ToList();
        found.ForEach(l => l.Break(now, BreakReason.PeerReplaced));
        return string.Join(", ", found.Select(l => l.Id));
    }

    public override string Do(PlainLatches plain, TimeSpan now)
    {
        var found = plain.Conflicts(Selectors, Parameters);
        found.ForEach(c => plain.Move(now, c, LatchState.Broken, brokenBy: BreakReason.PeerReplaced));
        return string.Join(", ", found.Select(c => c.Id));
    }
}
