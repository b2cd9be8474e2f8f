using System.Diagnostics.CodeAnalysis;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// The one loop that joins IKE and latching. Deterministic and single-threaded: time, datagrams, questions of the
/// datapath and commands go in, ordered effects come out.
/// </summary>
/// <remarks>After every call: carry out what <see cref="TryTakeEffect"/> gives, in order, then look at
/// <see cref="NextDeadline"/>.</remarks>
public sealed class LatchEngine : IDisposable
{
    private readonly EngineState _state;
    private readonly LatchRecorder _recorder;
    private readonly LatchBreaker _breaker;
    private readonly Negotiations _negotiations;
    private readonly Detection _detection;
    private readonly ClearAdmission _clear;
    private readonly Restarts _restarts;
    private readonly FlowAdmission _flows;
    private readonly FirstUse _firstUse;
    private readonly PeerAdmission _peers;
    private readonly SaLifecycle _sas;
    private readonly PolicyChange _policy;
    private readonly Resumption _resumption;
    private readonly Restoration _restoration;
    private readonly ApplicationWishes _wishes;
    private readonly SnapshotBuilder _snapshots;

    /// <summary>Address pairs whose SAs changed during the current call.</summary>
    private readonly HashSet<AddressPair> _changed = [];

    /// <param name="journal">Where latches are written down; null for latches that need not outlive the engine.</param>
    public LatchEngine(EngineSettings settings, SecurityPolicy policy, SigningKey identity, IRandomSource random, ILatchJournal? journal = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(random);
        _state = new EngineState(settings, policy, identity, random);
        _recorder = new LatchRecorder(_state, journal ?? new NoJournal());
        _breaker = new LatchBreaker(_state, _recorder);
        _clear = new ClearAdmission(_state);
        _negotiations = new Negotiations(_state, _breaker, _clear);
        _detection = new Detection(_state, _negotiations, _breaker);
        _flows = new FlowAdmission(_state, _negotiations, _clear, _recorder, _breaker);
        _firstUse = new FirstUse(_state);
        _restarts = new Restarts(_state, _breaker, _negotiations);
        _peers = new PeerAdmission(_state, _breaker, _detection, _firstUse, _restarts);
        _sas = new SaLifecycle(_state);
        _policy = new PolicyChange(_state, _breaker, _flows, _negotiations, _peers, _clear);
        _resumption = new Resumption(_state, _negotiations);
        _restoration = new Restoration(_state, _recorder, _breaker, _resumption);
        _wishes = new ApplicationWishes(_state, _negotiations, _breaker, _recorder);
        _snapshots = new SnapshotBuilder(_state);
    }

    /// <summary>When <see cref="HandleDeadline"/> wants to be called next, or null.</summary>
    public TimeSpan? NextDeadline => Earliest(_state.Ike.NextDeadline, Earliest(_sas.NextDeadline, _resumption.NextDeadline));

    public SecurityPolicy Policy => _state.Policy;

    /// <summary>Which life of this host it speaks from, to be set before the first peer is met; null: peers are told nothing.</summary>
    public BirthCertificate? Birth
    {
        get => _state.Ike.Birth;
        set => _state.Ike.Birth = value;
    }

    public IReadOnlyDictionary<IkeDropReason, long> IkeDrops => _state.Ike.Drops;

    /// <summary>Why latches are not written down at present, and new ones refused; null when they are.</summary>
    public string? JournalFailure => _recorder.Failure;

    public void HandleDeadline(TimeSpan now)
    {
        _sas.HandleDeadline(now);
        _resumption.HandleDeadline(now);
        _state.Ike.HandleDeadline(now);
        Settle(now);
    }

    public bool TryTakeEffect([NotNullWhen(true)] out Effect? effect) => _state.Effects.TryTake(out effect);

    /// <summary>A datagram from port 500, or from 4500 without its non-ESP marker.</summary>
    public void HandleIkeDatagram(TimeSpan now, InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message)
    {
        _clear.Doubt(remote.Address);
        _state.Ike.HandleDatagram(now, local, remote, message);
        Settle(now);
    }

    /// <summary><see cref="IDatapathEvents.OutboundFlowUnknown"/></summary>
    /// <param name="wishes">What the flow's application asked for before it connected.</param>
    public void HandleOutboundFlow(TimeSpan now, FlowKey flow, FlowWishes? wishes = null)
    {
        _flows.Outbound(now, flow, wishes ?? FlowWishes.None);
        Settle(now);
    }

    /// <summary><see cref="IDatapathEvents.InboundFlowUnknown"/></summary>
    public void HandleInboundFlow(TimeSpan now, FlowKey flow, ChannelId channel, uint spi)
    {
        _flows.Inbound(now, flow, channel, spi);
        Settle(now);
    }

    /// <summary><see cref="IDatapathEvents.ClearFlowUnknown"/></summary>
    public void HandleClearFlow(TimeSpan now, FlowKey flow)
    {
        _flows.Clear(now, flow);
        Settle(now);
    }

    /// <summary><see cref="IDatapathEvents.FlowOfAnother"/></summary>
    public void HandleFlowOfAnother(TimeSpan now, FlowKey flow, ChannelId channel)
    {
        _flows.OfAnother(now, flow, channel);
        Settle(now);
    }

    /// <summary><see cref="IDatapathEvents.SaMissing"/></summary>
    public void HandleSaMissing(TimeSpan now, FlowKey flow, ChannelId channel)
    {
        _flows.SaMissing(now, flow, channel);
        Settle(now);
    }

    /// <summary><see cref="IDatapathEvents.UnknownSpi"/>: the sender is told, in words it must not trust (RFC 7296 §1.5).</summary>
    public void HandleUnknownSpi(TimeSpan now, uint spi, InetEndpoint local, InetEndpoint remote)
    {
        if (_state.EntriesBetween(new AddressPair(local.Address, remote.Address)).Any())
        {
            _state.Ike.ComplainInvalidSpi(now, local, remote, spi);
            Settle(now);
        }
    }

    /// <summary><see cref="IDatapathEvents.Unanswered"/></summary>
    public void HandleUnanswered(TimeSpan now, ChannelId channel, TimeSpan silence)
    {
        if (_state.Channels.Find(channel.Value) is { } known)
        {
            _detection.Unanswered(now, known);
            Settle(now);
        }
    }

    /// <summary><see cref="IDatapathEvents.FirstInbound"/></summary>
    public void HandleFirstInbound(TimeSpan now, uint spi, ChannelId channel)
    {
        _sas.FirstInbound(spi);
        if (_state.FindChild(spi) is { } child && _state.Find(child.Sa) is { } peering)
        {
            peering.Heard(now);
        }
    }

    /// <summary><see cref="IDatapathEvents.SaWearingOut"/></summary>
    public void HandleSaWearingOut(TimeSpan now, SaDirection direction, uint spi, ChannelId channel)
    {
        var child = direction == SaDirection.Inbound
            ? _state.FindChild(spi)
            : _state.Peerings.Values.SelectMany(p => p.Children.Values).FirstOrDefault(c => c.OutboundSpi == spi && c.Channel.Id == channel.Value);
        if (child is not null)
        {
            _state.Ike.RekeyChild(now, child.Handle);
            Settle(now);
        }
    }

    /// <summary>The sockets of these flows no longer exist: their latches are released (L34).</summary>
    public void HandleSocketsGone(TimeSpan now, IReadOnlyCollection<FlowKey> flows)
    {
        ArgumentNullException.ThrowIfNull(flows);
        foreach (var flow in flows)
        {
            if (_state.Latches.Find(flow) is { } latch)
            {
                _breaker.Release(now, latch, "its socket is gone");
            }
            else
            {
                _clear.End(now, flow, "its socket is gone");
            }
        }

        Settle(now);
    }

    /// <summary>The sockets that listen now: those a protect entry covers have a LISTENER latch (RFC 5660 §2.3, L35).</summary>
    public void HandleListeners(TimeSpan now, IReadOnlyCollection<ListenerKey> listeners)
    {
        ArgumentNullException.ThrowIfNull(listeners);
        foreach (var gone in _state.Latches.Listeners.Select(l => l.Key).Where(key => !listeners.Contains(key)).ToList())
        {
            _state.Latches.ReleaseListener(gone);
        }

        foreach (var key in listeners)
        {
            if (_state.Policy.Find(key) is { } entry)
            {
                _state.Latches.TryCreateListener(now, key, entry, out _);
            }
        }
    }

    /// <summary>Hosts that spoke IPsec in earlier lives of this daemon; times before this one are negative. For the start.</summary>
    public void RememberIpsecHosts(IEnumerable<(InetAddress Host, TimeSpan Since)> hosts)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        foreach (var (host, since) in hosts)
        {
            _state.IpsecHosts.Add(host, since);
        }
    }

    /// <summary>A person says that the host which spoke IPsec at an address is gone for good.</summary>
    /// <returns>False when none is known there.</returns>
    public bool ForgetIpsecHost(InetAddress host) => _state.IpsecHosts.Forget(host);

    /// <summary>No further flow goes in clear, because what must be remembered cannot be: fail closed. Null ends that.</summary>
    public void SuspendClear(string? why) => _state.ClearSuspended = why;

    /// <summary>
    /// Flows that are known to have gone in clear until this daemon started, and whose sockets live: they stay so for life.
    /// For the start, before <see cref="CloseOrphans"/>, which then leaves them alone.
    /// </summary>
    /// <param name="byUs">Under an earlier daemon. Otherwise nothing protected the host until now, and what shows that a
    /// flow was protected once is that its host spoke IPsec.</param>
    public void AdoptClearFlows(TimeSpan now, IEnumerable<FlowKey> flows, bool byUs)
    {
        ArgumentNullException.ThrowIfNull(flows);
        foreach (var flow in flows.Where(f => _state.Latches.Find(f) is null && !_state.ClearFlows.Contains(f)))
        {
            if (_state.Policy.Find(flow) is { ClearUntilIpsec: true } entry && (byUs || _clear.IsAllowed(entry, flow.Remote)))
            {
                _clear.Adopt(now, flow, entry);
            }
        }
    }

    /// <summary>
    /// Goes on with the latches of an earlier daemon on this host, as they stood (L14), and calls their peers. To be asked
    /// before anything else, with the records whose sockets still exist.
    /// </summary>
    public void RestoreLatches(TimeSpan now, IReadOnlyCollection<LatchRecord> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        _restoration.Restore(now, records);
        Settle(now);
    }

    /// <summary>
    /// Connections that lived before this daemon did and whose latches were not restored. Whom they were latched to is not
    /// known any more, so they end with a reset instead of being bound to whoever answers (L14).
    /// </summary>
    /// <param name="held">Flows of an earlier run that no protect entry covered any more, and that must not leave in clear.</param>
    /// <returns>Whether there were any and no latch was restored: then all that peers hold latched with us is lost, and a new life begins.</returns>
    public bool CloseOrphans(TimeSpan now, IReadOnlyCollection<FlowKey> flows, IReadOnlySet<FlowKey> held)
    {
        var lost = false;
        ArgumentNullException.ThrowIfNull(flows);
        ArgumentNullException.ThrowIfNull(held);
        foreach (var flow in flows.Where(flow => _state.Latches.Find(flow) is null && !_state.ClearFlows.Contains(flow)))
        {
            var covering = _state.Policy.Find(flow);
            if (covering is null && held.Contains(flow))
            {
                _state.OutsidePolicy.Add(flow);
            }

            if ((covering ?? (held.Contains(flow) ? ProtectEntry.Gone(flow) : null)) is { } entry)
            {
                var latch = _state.Latches.CreateLarval(now, flow, entry);
                _breaker.Close(now, latch, ClosedReason.DaemonLost, DropReason.LatchClosed, "it began before this daemon, which does not know whom it was latched to");
                lost = true;
            }
        }

        return lost && !_state.Latches.All.Any(latch => latch.Channel is not null);
    }

    /// <summary>Administrative close: the connection-oriented owner sees a reset (L19, L38).</summary>
    /// <returns>False when there is no such live latch.</returns>
    public bool CloseLatch(TimeSpan now, LatchId id)
    {
        if (_state.Latches.Find(id) is not { } latch || latch.State == LatchState.Closed)
        {
            return false;
        }

        _breaker.Close(now, latch, ClosedReason.Administrative, DropReason.LatchClosed, "an administrator closed it");
        Settle(now);
        return true;
    }

    /// <summary>
    /// Puts another policy in force, at once and as a whole: every latch is judged by it before anything else happens
    /// (RFC 5660 §2.3, L29, L30; C5, C6).
    /// </summary>
    /// <param name="connections">
    /// Connections of this host. What began in clear and is to be protected now ends: nobody knows who is at the other end.
    /// </param>
    public PolicyChangeResult ChangePolicy(TimeSpan now, SecurityPolicy policy, IReadOnlyCollection<FlowKey>? connections = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        // What was learnt stays, whatever the operator's file says now.
        var result = _policy.To(now, policy with { Pins = Policy.Pins }, connections ?? [], _changed);
        Settle(now);
        return result;
    }

    /// <summary>The answer to a <see cref="RecordPin"/>: peers that wait for it are let in, or refused.</summary>
    /// <param name="problem">Null: it is recorded, and survives a power cut. Else why it is not.</param>
    public void HandlePinRecorded(TimeSpan now, Pin pin, string? problem)
    {
        ArgumentNullException.ThrowIfNull(pin);
        _firstUse.Recorded(now, pin, problem);
        Settle(now);
    }

    /// <summary>A person changed a pin, which is recorded already. Every latch is judged by it as by any change of policy.</summary>
    /// <param name="text">What was done, in a sentence, for the event.</param>
    /// <returns>Latches that were closed or broken because their peer is no longer authorised.</returns>
    public int ChangePins(TimeSpan now, InetAddress address, Func<PinSet, PinSet> change, string text)
    {
        ArgumentNullException.ThrowIfNull(change);
        var before = Policy.Pins;
        var after = change(before);
        _state.Effects.Raise(new EngineEvent(after.At(address) is null ? EventKind.PeerUnpinned : EventKind.PeerPinned, now, text)
        {
            PeerAddress = address,
            PeerKey = (after.At(address) ?? before.At(address))?.Key.ToString(),
        });
        var result = _policy.To(now, Policy with { Pins = after }, [], _changed);
        Settle(now);
        return result.Closed + result.Broken;
    }

    /// <summary>What the application that owns a flow asks for it (RFC 5660 L10, L17, L31, L44).</summary>
    /// <returns>Null when it is granted, else why not.</returns>
    public string? Grant(TimeSpan now, FlowKey flow, FlowWishes wishes)
    {
        ArgumentNullException.ThrowIfNull(wishes);
        var refusal = _wishes.Grant(now, flow, wishes);
        Settle(now);
        return refusal;
    }

    /// <summary>What the owner of a listening socket asks for the connections that will be born from it.</summary>
    /// <returns>Null when it is granted, else why not.</returns>
    public string? Grant(ListenerKey listener, FlowWishes wishes)
    {
        ArgumentNullException.ThrowIfNull(wishes);
        return _wishes.Grant(listener, wishes);
    }

    /// <summary>The socket whose owner asked is gone; another may listen at the same address.</summary>
    public void ForgetWishes(ListenerKey listener) => _wishes.Forget(listener);

    /// <summary>Which of these flows have a latch.</summary>
    public IReadOnlyList<(LatchId Latch, FlowKey Flow)> Latched(IReadOnlyCollection<FlowKey> flows)
    {
        ArgumentNullException.ThrowIfNull(flows);
        return [.. flows.Select(_state.Latches.Find).OfType<Latch>().Select(l => (l.Id, l.Flow))];
    }

    /// <summary>INQUIRE_LATCH (RFC 5660 §2.3) for the application behind a flow; null when it has no latch.</summary>
    public ConnectionSnapshot? Inquire(FlowKey flow) => _snapshots.Inquire(flow);

    /// <summary>It was let go in clear, for life.</summary>
    public bool IsClear(FlowKey flow) => _state.ClearFlows.Contains(flow);

    public LatchSnapshot? Inquire(ListenerKey listener) => _snapshots.Inquire(listener);

    /// <summary>Says goodbye: Deletes for every IKE SA (best effort). Latched flows stay blocked behind us.</summary>
    public void Shutdown(TimeSpan now)
    {
        foreach (var peering in _state.Peerings.Values.ToList())
        {
            _state.Ike.DeleteIkeSa(now, peering.Handle, CloseReason.DeletedLocally, "the daemon stops", tellPeer: peering.Established);
        }

        Settle(now);
    }

    /// <summary>Flows that have a latch or go in clear, for the check whether their sockets still exist.</summary>
    public IReadOnlyCollection<FlowKey> LatchedFlows() => [.. _state.Latches.Flows, .. _state.ClearFlows.Flows];

    public IReadOnlyList<ClearFlowSnapshot> ClearFlows() => _snapshots.ClearFlows();

    /// <summary>Hosts that have spoken IPsec and are never reached in clear again.</summary>
    public int IpsecHostCount => _state.IpsecHosts.Count;

    /// <summary>Why no further flow goes in clear whatever policy says; null while it may.</summary>
    public string? ClearSuspended => _state.ClearSuspended;

    /// <summary>
    /// Flows with a latch that no protect entry covers since the policy was changed. Nothing of them may travel outside the
    /// datapath until they are released, whatever the host does with others.
    /// </summary>
    public IReadOnlyCollection<FlowKey> FlowsOutsidePolicy() => _state.OutsidePolicy;

    public IReadOnlyList<LatchSnapshot> Latches() => _snapshots.Latches();

    public IReadOnlyList<PeerSnapshot> Peers() => _snapshots.Peers();

    /// <summary>Keys that are in use at an address: by an IKE SA, or by a latch.</summary>
    public IReadOnlyList<LiveKey> KeysAt(InetAddress address) => _snapshots.KeysAt(address);

    public IReadOnlyList<IkeSaSnapshot> Sas() => _snapshots.Sas();

    public void Dispose() => _state.Ike.Dispose();

    private static TimeSpan? Earliest(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b ?? a : a;

    /// <summary>Handles what the IKE core says, until it has nothing more to say: answers cause further outputs.</summary>
    private void Settle(TimeSpan now)
    {
        do
        {
            while (_state.Ike.TryTakeOutput(out var output))
            {
                Handle(now, output);
            }
        }
        while (_policy.EndKept(now));

        // Judged when all is done: in the middle of a break the old peer's SAs go one by one, and each is followed by a
        // moment in which the broken latch seems to stand unopposed.
        foreach (var pair in _changed)
        {
            _breaker.RestoreWherePossible(now, pair);
        }

        _changed.Clear();
    }

    private void Handle(TimeSpan now, IkeOutput output)
    {
        switch (output)
        {
            case SendDatagram send:
                _state.Effects.Add(new SendIke(send.Local, send.Remote, send.Message));
                break;
            case SendKeepalive keepalive:
                _state.Effects.Add(new SendNatKeepalive(keepalive.Local, keepalive.Remote));
                break;
            case PeerAnswered answer:
                _clear.Spoke(now, answer.Remote.Address, "answers IKE");
                break;
            case AuthorizePeer question:
                _clear.Spoke(now, question.Remote.Address, "speaks IPsec");
                _peers.Peer(now, question);
                break;
            case AuthorizeChild question:
                _peers.Child(now, question);
                break;
            case IkeSaEstablished e:
                Established(now, e);
                break;
            case IkeSaRekeyed e when _state.Find(e.Sa) is { } peering:
                (peering.Suite, peering.SpiI, peering.SpiR) = (e.Suite, e.SpiI, e.SpiR);
                peering.Heard(now);
                _state.Effects.Raise(EventKind.IkeSaRekeyed, now, peering, $"{e.Sa} with {peering.Pair.Remote} has new keys");
                break;
            case IkeSaClosed e:
                Closed(now, e);
                break;
            case ChildEstablished e:
                if (e.Request is { } request)
                {
                    _negotiations.Succeeded(request);
                }

                if (_sas.Established(now, e) is not null && _state.Find(e.Sa) is { } owner)
                {
                    _flows.EstablishLarval(now, owner.Pair);
                    _negotiations.SeekForLarval(now, owner.Pair);
                    _changed.Add(owner.Pair);
                }

                break;
            case ChildFailed e:
                Failed(now, e);
                break;
            case ChildClosed e:
                _sas.Closed(now, e);
                if (_state.Find(e.Sa) is { } closer)
                {
                    _changed.Add(closer.Pair);
                }

                break;
            case ProbeAnswered e when _state.Find(e.Sa) is { } peering:
                _detection.ProbeAnswered(now, peering);
                _peers.EvidenceArrived(now, e.Sa);
                break;
            case ProbeSilent e when _state.Find(e.Sa) is { } peering:
                _detection.ProbeSilent(now, peering, e);
                _peers.EvidenceArrived(now, e.Sa);
                _detection.Pursue(now, peering);
                break;
            case PeerForgotUs e when _state.Find(e.Sa) is { } peering:
                _restarts.ForgotUs(now, peering, e.From);
                break;
            case CrashTokenRefused e when _state.Find(e.Sa) is { } peering:
                _state.Effects.Raise(EventKind.CrashTokenRefused, now, peering, $"{e.From} showed a crash detection token for {e.Sa} that {peering.Key} did not give us: nothing changes", "BadCrashToken");
                break;
            case HintReceived hint:
                _detection.Hint(now, hint);
                break;
            case ProposalMismatch mismatch:
                _state.Effects.Raise(Explain(now, mismatch));
                break;
            case KeysExported keys:
                _state.Effects.Add(new ExportKeys(keys));
                break;
        }
    }

    private void Established(TimeSpan now, IkeSaEstablished e)
    {
        if (_state.Find(e.Sa) is not { } peering)
        {
            return;
        }

        peering.Established = true;
        (peering.Suite, peering.SpiI, peering.SpiR, peering.Since) = (e.Suite, e.SpiI, e.SpiR, now);
        peering.Authentication = new PeerAuthentication(_state.Identity.Public, e.Key, peering.PeerName, _snapshots.Trust([peering]), e.AuthDigest, now);
        (peering.Local, peering.Remote, peering.Nat) = (e.Local, e.Remote, e.Nat);
        peering.Heard(now);
        _firstUse.Sighted(peering);
        _state.Effects.Raise(EventKind.IkeSaEstablished, now, peering, $"{e.Sa} with {e.Key} at {peering.Pair.Remote} is up ({e.Suite})");

        // The same peer under a new IKE SA: what went silent is of no use any more (C4: no conflict).
        foreach (var old in _state.With(peering.Pair, e.Key.Fingerprint).Where(p => p != peering && p.SilentAt is not null).ToList())
        {
            _state.Ike.DeleteIkeSa(now, old.Handle, CloseReason.Superseded, $"the peer answers under {e.Sa}", tellPeer: false);
        }

        _negotiations.StopAsking(now, peering.Pair, e.Key.Fingerprint);
        _detection.Measure(now, peering);
        _negotiations.SeekForLarval(now, peering.Pair);
    }

    private void Closed(TimeSpan now, IkeSaClosed e)
    {
        var gone = _state.Find(e.Sa);
        if (gone is { } peering)
        {
            foreach (var child in peering.Children.Values.ToList())
            {
                _sas.Closed(now, new ChildClosed(child.Handle, e.Sa, child.InboundSpi, child.OutboundSpi, CloseReason.IkeSaClosed, e.Text));
            }

            _state.Remove(peering);
            _state.Effects.Raise(EventKind.IkeSaClosed, now, peering, $"{e.Sa} with {peering.Pair.Remote} is gone: {e.Text}", e.Reason.ToString());
            if (e.Reason == CloseReason.PeerSilent && peering.Established)
            {
                _detection.GaveUp(now, peering);
            }

            _changed.Add(peering.Pair);
        }

        _negotiations.IkeSaGone(now, e.Sa, e.Reason, e.Text);
        _peers.Withdraw(e.Sa);
        _peers.EvidenceArrived(now, e.Sa);
        if (gone is { ForgotUs: true })
        {
            _restarts.Ask(now, gone);
        }
    }

    private void Failed(TimeSpan now, ChildFailed e)
    {
        if (_state.Find(e.Sa) is { } peering)
        {
            _state.Effects.Raise(EventKind.NegotiationFailed, now, peering, $"no Child SA with {peering.Pair.Remote}: {e.Text}", e.Reason.ToString());
        }

        _negotiations.Failed(now, e.Request, e.Reason, e.Text);
    }

    private static EngineEvent Explain(TimeSpan now, ProposalMismatch mismatch)
    {
        var who = mismatch.ByPeer ? $"{mismatch.Remote.Address} offered" : $"{mismatch.Remote.Address} refused";
        return new EngineEvent(EventKind.ProposalMismatch, now, $"{who} {mismatch.Protocol} proposals, and none suits both sides")
        {
            Reason = "NoProposalChosen",
            PeerAddress = mismatch.Remote.Address,
            Details = [.. mismatch.Differences.Select(d => d.Configured.IsEmpty
                ? $"{d.TransformType}: offered {string.Join(", ", d.Offered)}"
                : $"{d.TransformType}: offered {string.Join(", ", d.Offered)}; configured {string.Join(", ", d.Configured)}")],
        };
    }
}
