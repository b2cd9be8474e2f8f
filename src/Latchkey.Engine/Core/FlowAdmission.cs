using Latchkey.Contract;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>Answers the datapath's questions about flows it does not know: each gets a latch, or is dropped.</summary>
internal sealed class FlowAdmission(EngineState state, Negotiations negotiations, ClearAdmission clear, LatchRecorder recorder, LatchBreaker breaker)
{
    /// <param name="wishes">What the application asked for before it connected.</param>
    /// <param name="midway">The packet is of a TCP connection that began before.</param>
    public void Outbound(TimeSpan now, FlowKey flow, FlowWishes wishes, bool midway)
    {
        if (state.Latches.Find(flow) is { State: LatchState.Larval } waiting)
        {
            // Asked again: what it waited for may have ended without serving it.
            Advance(now, waiting);
            if (waiting.State == LatchState.Larval && now - waiting.Since >= state.Settings.ClearNegotiation.Duration)
            {
                clear.Refused(now, flow, waiting.Entry);
            }

            return;
        }

        if (AnswerFromLatch(flow) || Admit(flow) is not { } entry)
        {
            return;
        }

        var isForwarded = state.IsForwarded(entry, flow);
        if (isForwarded && !MayBegin(flow, entry, midway, tell: true))
        {
            return;
        }

        if (wishes.IsDemand)
        {
            clear.End(now, flow, "its application demands protection");
        }
        else if (clear.TryAdmit(now, flow, entry))
        {
            AskAgain(now, flow, entry);
            return;
        }

        var latch = state.Latches.CreateLarval(now, flow, entry, isForwarded);
        latch.Wishes = wishes;
        state.Follow(latch);
        if (!TryServe(now, latch))
        {
            state.Effects.Raise(EventKind.LatchLarval, now, latch, $"{flow} waits for protection ([[protect]] \"{entry.Name}\")");
            negotiations.Seek(now, latch);
        }
    }

    /// <param name="channelId">The channel of the SA under which the packet came.</param>
    /// <param name="spi">That SA's own SPI.</param>
    /// <param name="midway">The packet is of a TCP connection that began before.</param>
    public void Inbound(TimeSpan now, FlowKey flow, ChannelId channelId, uint spi, bool midway)
    {
        if (state.Latches.Find(flow) is not { State: LatchState.Larval } larval)
        {
            if (!AnswerFromLatch(flow) && Admit(flow) is { } entry && (!state.IsForwarded(entry, flow) || MayBegin(flow, entry, midway, tell: false)))
            {
                Born(now, flow, entry, channelId, spi);
            }

            return;
        }

        // Both ends began at once: the other's SA is there first and serves (RFC 5660 §4, L43).
        if (state.Channels.Find(channelId.Value) is { } channel && state.Serves(channel, larval.Entry))
        {
            Establish(now, larval, channel, AuthenticationUnder(spi, flow, channel));
        }
    }

    /// <summary>A host began a flow in clear. It never touches a flow that has a latch.</summary>
    public void Clear(TimeSpan now, FlowKey flow)
    {
        if (state.Latches.Find(flow) is not null || Admit(flow) is not { } entry)
        {
            return;
        }

        if (state.Latches.FindListener(flow) is { Wishes.IsDemand: true })
        {
            Refuse(flow, DropReason.ClearRefused);
            return;
        }

        if (clear.Knocked(now, flow, entry))
        {
            negotiations.Seek(now, flow, entry, channel: null);
        }
        else
        {
            AskAgain(now, flow, entry);
        }
    }

    /// <summary>
    /// A living peer speaks on a flow that another one at the same address holds latched: its SA is older than that latch and
    /// covers the flow. The SA goes, and the one that its owner asks for next leaves the flow out (RFC 5660 L27).
    /// </summary>
    public void OfAnother(TimeSpan now, FlowKey flow, ChannelId channelId)
    {
        if (state.Latches.Find(flow) is not { Conducts: true, Channel: { } own } latch || state.Channels.Find(channelId.Value) is not { } channel
            || channel.Parameters.PeerKey == own.Parameters.PeerKey)
        {
            return;
        }

        foreach (var child in state.Covering(latch).Where(c => c.Channel == channel).ToList())
        {
            state.Ike.DeleteChild(now, child.Handle, CloseReason.Superseded, $"it covers {flow}, which is latched to {own.PeerKeyText}");
        }
    }

    /// <summary>A bound flow's channel has no SA that covers it.</summary>
    public void SaMissing(TimeSpan now, FlowKey flow, ChannelId channelId)
    {
        if (state.Latches.Find(flow) is { Conducts: true } latch && latch.Channel!.Id == channelId.Value)
        {
            negotiations.Seek(now, latch);
        }
    }

    /// <summary>LARVAL latches that a new Child SA covers are ESTABLISHED.</summary>
    public void EstablishLarval(TimeSpan now, AddressPair pair)
    {
        foreach (var latch in state.Latches.Between(pair).Where(l => l.State == LatchState.Larval).ToList())
        {
            TryServe(now, latch);
        }
    }

    private void Born(TimeSpan now, FlowKey flow, ProtectEntry entry, ChannelId channelId, uint spi)
    {
        if (state.Channels.Find(channelId.Value) is not { } channel || !state.Covering(channel.Parameters.Path, flow).Any(c => c.Channel == channel)
            || !state.Serves(channel, entry))
        {
            // The SA went between the packet and this answer. An SA of another peer that covers the flow too is one of a
            // living neighbour behind the same NAT: who speaks first has the flow (docs/decisions/evidence.md, L26).
            Refuse(flow, DropReason.LatchMismatch);
            return;
        }

        var listener = state.Latches.FindListener(flow);
        var authentication = AuthenticationUnder(spi, flow, channel);
        if (listener?.Wishes.ObjectionTo(channel.Parameters, authentication) is { } objection)
        {
            // CLOSED until it is seen that no socket came of it, so that a peer that goes on trying causes no more than this.
            state.Effects.Add(new BlockFlow(flow, DropReason.NegotiationFailed));
            var refused = state.Latches.CreateClosed(now, flow, entry, ClosedReason.NegotiationFailed, listener);
            state.Effects.Raise(EventKind.NegotiationFailed, now, refused, $"{flow} is refused: {objection}");
            return;
        }

        var isForwarded = state.IsForwarded(entry, flow);
        if (!recorder.TryEstablish(now, flow, entry, channel, authentication, listener?.Wishes ?? FlowWishes.None, isForwarded))
        {
            Refuse(flow, DropReason.NotRecorded);
            return;
        }

        var latch = state.Latches.CreateEstablished(now, flow, entry, channel, authentication, listener, isForwarded);
        state.Follow(latch);
        state.Effects.Add(new BindFlow(flow, channelId));
        var origin = listener is null ? "" : $", born from listener {listener.Id}";
        Tell(now, latch, origin);
        Narrow(now, latch);
    }

    /// <summary>A LARVAL latch gets the SA that serves it, or one is asked for.</summary>
    public void Advance(TimeSpan now, Latch latch)
    {
        if (!TryServe(now, latch))
        {
            negotiations.Seek(now, latch);
        }
    }

    /// <summary>A LARVAL latch gets the SA that serves it, if there is one.</summary>
    private bool TryServe(TimeSpan now, Latch latch)
    {
        if (UsableChild(latch) is not { } child)
        {
            return false;
        }

        Establish(now, latch, child.Channel, AuthenticationOf(child));
        return true;
    }

    private void Establish(TimeSpan now, Latch latch, Channel channel, PeerAuthentication? authentication)
    {
        if (latch.Wishes.ObjectionTo(channel.Parameters, authentication) is { } objection)
        {
            breaker.Close(now, latch, ClosedReason.NegotiationFailed, DropReason.NegotiationFailed, objection);
            return;
        }

        if (!recorder.TryEstablish(now, latch.Flow, latch.Entry, channel, authentication, latch.Wishes, latch.IsForwarded))
        {
            breaker.Close(now, latch, ClosedReason.NotRecorded, DropReason.NotRecorded, $"it cannot be written down: {recorder.Failure}");
            return;
        }

        state.Latches.Establish(now, latch, channel, authentication);
        state.Effects.Add(new BindFlow(latch.Flow, new ChannelId(channel.Id)));
        Tell(now, latch, origin: "");
        Narrow(now, latch);
    }

    private void Tell(TimeSpan now, Latch latch, string origin) => state.Effects.Raise(latch.IsToNobody
        ? EffectQueue.EventOf(EventKind.FlowUnlatched, now, latch, $"{latch.Flow} is encrypted and not latched{origin}: its peer proved nothing (NULL)") with { PeerKey = null }
        : EffectQueue.EventOf(EventKind.LatchEstablished, now, latch, $"{latch.Flow} is latched to {latch.Channel!.PeerKeyText}{origin}"));

    /// <summary>The flow is decided on; its host is asked for those that follow.</summary>
    private void AskAgain(TimeSpan now, FlowKey flow, ProtectEntry entry)
    {
        if (clear.IsAllowed(entry, flow.Remote) && clear.IsToBeAskedAgain(now, flow.Remote))
        {
            negotiations.Seek(now, flow, entry, channel: null);
        }
    }

    /// <summary>What serves many is there at once; what serves this flow alone follows.</summary>
    private void Narrow(TimeSpan now, Latch latch)
    {
        if (latch.Wishes.Narrow)
        {
            negotiations.Narrow(now, latch);
        }
    }

    private PeerAuthentication? AuthenticationOf(ChildSa child) => state.Find(child.Sa)?.Authentication;

    /// <summary>
    /// How the peer of an inbound SA proved itself. An SA that was replaced while its last packets were under way has a
    /// successor in its channel, made under the same IKE SA or, with a new proof, under another.
    /// </summary>
    private PeerAuthentication? AuthenticationUnder(uint spi, FlowKey flow, Channel channel) =>
        (state.FindChild(spi) ?? state.Covering(channel.Parameters.Path, flow).FirstOrDefault(c => c.Channel == channel)) is { } child ? AuthenticationOf(child) : null;

    /// <summary>
    /// The Child SA a new flow would use: the newest that covers it, whose peer is not known to be silent. One that only a
    /// kept latch still justifies (RFC 5660 L30) serves no other.
    /// </summary>
    private ChildSa? UsableChild(Latch latch) => state.Covering(latch).FirstOrDefault(
        c => state.Find(c.Sa) is { SilentAt: null } && state.Serves(c.Channel, latch.Entry));

    /// <summary>The protect entry for a new flow, or null when the flow may not exist; then it is dropped.</summary>
    private ProtectEntry? Admit(FlowKey flow)
    {
        if (state.Policy.Find(flow) is not { } entry)
        {
            Refuse(flow, DropReason.PolicyRefused);
            return null;
        }

        if (state.Latches.Count + state.ClearFlows.Count >= state.Settings.LatchMaximum)
        {
            Refuse(flow, DropReason.FlowTableFull);
            return null;
        }

        return entry;
    }

    /// <summary>
    /// A forwarded flow may begin. A TCP connection does so with a SYN: of one that is under way, and has no latch, nobody
    /// here knows with whom it began, and it must not go on with whoever is there now.
    /// </summary>
    /// <param name="tell">The host behind this one is told that its connection is at an end, as its entry says.</param>
    private bool MayBegin(FlowKey flow, ProtectEntry entry, bool midway, bool tell)
    {
        if (midway)
        {
            state.Effects.Add(new BlockFlow(flow, DropReason.BeginningNotSeen));
            if (tell && entry.DispositionFor(flow.Protocol) != Disposition.Wait)
            {
                state.Effects.Add(new NotifyFlow(flow, FlowNotice.Reset));
            }

            state.Effects.Add(new ForgetFlow(flow));
            return false;
        }

        if (state.Latches.CountForwarded(entry) < entry.Forwarding!.FlowMaximum)
        {
            return true;
        }

        Refuse(flow, DropReason.ForwardedFlowsFull);
        return false;
    }

    /// <summary>Drops what is held and keeps no state: the next packet asks again.</summary>
    private void Refuse(FlowKey flow, DropReason reason)
    {
        state.Effects.Add(new BlockFlow(flow, reason));
        state.Effects.Add(new ForgetFlow(flow));
    }

    /// <summary>A flow the datapath forgot but the latch database did not is treated as it always was.</summary>
    private bool AnswerFromLatch(FlowKey flow)
    {
        if (state.Latches.Find(flow) is not { } latch)
        {
            return false;
        }

        switch (latch.State)
        {
            case LatchState.Established:
                state.Follow(latch);
                state.Effects.Add(new BindFlow(flow, new ChannelId(latch.Channel!.Id)));
                break;
            case LatchState.Broken:
                state.Effects.Add(new BlockFlow(flow, DropReason.LatchBroken));
                break;
            case LatchState.Closed:
                state.Effects.Add(new BlockFlow(flow, DropReason.LatchClosed));
                break;
        }

        return true;
    }
}
