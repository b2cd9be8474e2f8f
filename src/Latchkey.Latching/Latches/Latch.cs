using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>A connection latch: one flow, tied to one channel from the moment it is ESTABLISHED until it is gone.</summary>
/// <remarks>The state machine of RFC 5660 §2.2; the channel is set once (L12). What a move does to packets and sockets is
/// the caller's business.</remarks>
public sealed class Latch
{
    internal Latch(LatchId id, FlowKey flow, AddressPair path, ProtectEntry entry, TimeSpan since)
    {
        Path = path;
        Id = id;
        Flow = flow;
        Entry = entry;
        State = LatchState.Larval;
        Since = since;
    }

    public LatchId Id { get; }

    public FlowKey Flow { get; }

    /// <summary>The outer addresses, where its peer is met: in transport mode those of the flow itself.</summary>
    public AddressPair Path { get; }

    /// <summary>The protect entry that covers the flow; when policy has none any more, the last one that did.</summary>
    public ProtectEntry Entry { get; private set; }

    /// <summary>
    /// The latch carries its own policy: <see cref="Entry"/> covers this flow although policy says something else
    /// (RFC 5660 L30). It goes with the latch.
    /// </summary>
    public bool IsKept { get; private set; }

    /// <summary>The LISTENER latch it was born from, or null.</summary>
    public LatchId? BornFrom { get; init; }

    /// <summary>Its flow is one that this host forwards: it has no socket here.</summary>
    public bool IsForwarded => ForwardedUnder is not null;

    /// <summary>The name of the entry under which it was made, when its flow is a forwarded one.</summary>
    internal string? ForwardedUnder { get; init; }

    /// <summary>What its owner asks for.</summary>
    public FlowWishes Wishes { get; set; } = FlowWishes.None;

    /// <summary>What its owner is told when it breaks: the owner's choice, or the policy's.</summary>
    public Disposition Disposition => Wishes.Disposition ?? Entry.DispositionFor(Flow.Protocol);

    public LatchState State { get; private set; }

    /// <summary>Null only while LARVAL, or when it was CLOSED before it had one.</summary>
    public Channel? Channel { get; private set; }

    /// <summary>How the peer proved itself under the SA that carried the first packet; set with the channel, and null while LARVAL.</summary>
    public PeerAuthentication? Authentication { get; private set; }

    /// <summary>
    /// The peer proved nothing (RFC 7619), so this is no latch to anybody: it only keeps the flow in the one IKE SA with which
    /// it began, and is shown as what it is.
    /// </summary>
    public bool IsToNobody => Authentication?.Peer.ProvesNothing == true;

    /// <summary>When the present state began.</summary>
    public TimeSpan Since { get; private set; }

    public BreakReason? BrokenBy { get; private set; }

    public ClosedReason? ClosedBy { get; private set; }

    /// <summary>Packets may move: nothing but ESTABLISHED lets them (RFC 5660 L2, L36).</summary>
    public bool Conducts => State == LatchState.Established;

    /// <summary>
    /// A break that no return of the peer heals: a restarted peer has forgotten the connection (RFC 5660 L16).
    /// </summary>
    public bool IsBeyondRepair => State == LatchState.Closed || BrokenBy is BreakReason.PeerRestarted or BreakReason.PeerDead or BreakReason.LocalAddressLost;

    /// <summary>The policy was changed, and this entry covers the flow without contradicting what is latched.</summary>
    public void Follow(ProtectEntry entry) => (Entry, IsKept) = (entry, false);

    /// <summary>The policy was changed and contradicts what is latched, and the entry says that the latch stays (L30).</summary>
    /// <exception cref="InvalidOperationException">The latch is not ESTABLISHED.</exception>
    public void Keep()
    {
        Demand(LatchState.Established);
        IsKept = true;
    }

    /// <summary>ESTABLISHED to BROKEN; the first reason stays.</summary>
    /// <exception cref="InvalidOperationException">The latch is not ESTABLISHED.</exception>
    public void Break(TimeSpan now, BreakReason reason)
    {
        Demand(LatchState.Established);
        BrokenBy = reason;
        Move(now, LatchState.Broken);
    }

    /// <summary>BROKEN to ESTABLISHED, when every conflict is gone (RFC 5660 §2.2); the channel is the one it always had.</summary>
    /// <exception cref="InvalidOperationException">The latch is not BROKEN, or beyond repair.</exception>
    public void Restore(TimeSpan now)
    {
        Demand(LatchState.Broken);
        if (IsBeyondRepair)
        {
            throw new InvalidOperationException($"{this} broke for {BrokenBy}: it does not return");
        }

        BrokenBy = null;
        Move(now, LatchState.Established);
    }

    /// <summary>To CLOSED, from any state; the first reason stays.</summary>
    public void Close(TimeSpan now, ClosedReason reason)
    {
        if (State != LatchState.Closed)
        {
            ClosedBy = reason;
            Move(now, LatchState.Closed);
        }
    }

    public override string ToString() => $"latch {Id} ({Flow})";

    /// <summary>LARVAL to ESTABLISHED: from now on the parameters never change.</summary>
    internal void Establish(TimeSpan now, Channel channel, PeerAuthentication? authentication)
    {
        Demand(LatchState.Larval);
        Channel = channel;
        Authentication = authentication;
        Move(now, LatchState.Established);
    }

    private void Demand(LatchState state)
    {
        if (State != state)
        {
            throw new InvalidOperationException($"{this} is {State}, not {state}");
        }
    }

    private void Move(TimeSpan now, LatchState state)
    {
        IsKept = IsKept && state == LatchState.Established;
        State = state;
        Since = now;
    }
}
