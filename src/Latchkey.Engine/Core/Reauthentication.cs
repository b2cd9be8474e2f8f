using Latchkey.Ike;
using Latchkey.Latching;

namespace Latchkey.Engine;

/// <summary>
/// Has peers prove themselves anew (RFC 7296 §2.8.3): another IKE SA with the peer is made while the old one carries on, with Child
/// SAs for what that one has, and then the old one is deleted. Being the same peer it goes on in the same channels, and no latch
/// notices. Who does not prove itself in time is cut off, and its latches break.
/// </summary>
internal sealed class Reauthentication(EngineState state, Negotiations negotiations, LatchBreaker breaker)
{
    /// <summary>IKE SAs whose time is nearly over.</summary>
    private readonly Dictionary<IkeSaHandle, Renewal> _renewals = [];

    /// <summary>The peer wants new proofs of us within a time (AUTH_LIFETIME).</summary>
    public void Told(TimeSpan now, Peering peering, AuthLifetimeTold e)
    {
        var isShort = e.Taken > e.Told;
        var instead = isShort ? $", and gets it within {e.Taken.TotalSeconds:0} s" : "";
        state.Effects.Raise(
            EventKind.AuthLifetime, now, peering, $"{peering.Key} at {peering.Remote.Address} wants this host to prove itself anew within {e.Told.TotalSeconds:0} s{instead}", isShort ? "TooShort" : null);
    }

    /// <summary>Told again and again until the IKE SA is gone: an attempt that came to nothing is followed by another.</summary>
    public void Due(TimeSpan now, Peering old)
    {
        if (old.Pair.Moves && !old.Initiated)
        {
            // Only the end that began it can take a moving tunnel along (RFC 4555 §3.5): it must be that end again.
            return;
        }

        if (!_renewals.TryGetValue(old.Handle, out var renewal))
        {
            _renewals.Add(old.Handle, renewal = new Renewal());
        }

        if (Successor(now, old) is { } successor)
        {
            Replace(now, old, renewal, successor);
        }
        else if (!IsUnderWay(now, old, renewal) && (renewal.Attempt = negotiations.Renew(now, old)?.Handle) is null && !negotiations.IsAwaited(old))
        {
            state.Ike.DeleteIkeSa(now, old.Handle, CloseReason.AuthenticationExpired, "nothing uses it for which its peer should prove itself anew", tellPeer: true);
        }
    }

    /// <summary>What was asked for under an IKE SA is there, or will not come.</summary>
    public void Advance(TimeSpan now, Peering peering)
    {
        if (_renewals.Count == 0 || peering.Key is not { } key)
        {
            return;
        }

        foreach (var old in state.With(peering.Pair, key.Fingerprint).ToList())
        {
            if (_renewals.TryGetValue(old.Handle, out var renewal) && Successor(now, old) is { } successor)
            {
                Replace(now, old, renewal, successor);
            }
        }
    }

    /// <summary>The time is over. The IKE SA ends behind this; and its latches, unless the peer has proved itself under another.</summary>
    /// <param name="ours">It was our proof to the peer.</param>
    public void Expired(TimeSpan now, Peering peering, bool ours)
    {
        var key = peering.Key!.Fingerprint;
        if (state.With(peering.Pair, key).Any(p => p != peering && p.SilentAt is null))
        {
            return;
        }

        var why = _renewals.GetValueOrDefault(peering.Handle)?.Failure is { } failure ? $": {failure}" : "";
        var latches = state.Latches.Between(peering.Pair).Where(l => l.Conducts && l.Channel!.Parameters.PeerKey == key).ToList();
        var who = ours ? $"this host did not prove itself anew to {key} at {peering.Remote.Address}" : $"{key} at {peering.Remote.Address} did not prove itself anew";
        breaker.Break(now, latches, BreakReason.AuthenticationExpired, $"{who} before its time was over{why}");
    }

    /// <summary>An IKE SA is gone: one that was to be replaced, or an attempt to replace one.</summary>
    public void Gone(TimeSpan now, Peering peering, CloseReason reason, string text)
    {
        _renewals.Remove(peering.Handle);
        foreach (var (old, renewal) in _renewals.Where(r => r.Value.Attempt == peering.Handle))
        {
            renewal.Failure = peering.Key is { } key && key.Fingerprint != state.Find(old)?.Key?.Fingerprint ? $"{key} answered in its place: {text}" : text;
        }

        if (peering.Established && reason is CloseReason.Reauthenticated or CloseReason.AuthenticationExpired or CloseReason.DeletedByPeer && Successor(now, peering) is { } successor)
        {
            state.Effects.Raise(
                EventKind.IkeSaReauthenticated, now, successor, $"{successor.Key} at {successor.Remote.Address} has proved itself anew: {successor.Handle} is in place of {peering.Handle}");
        }
    }

    /// <summary>
    /// Where the peer has proved itself anew, if it has: in the later half of the IKE SA's life. What both ends began at the same
    /// time, as they may, is of one age; neither takes the place of the other, or each end would delete another one.
    /// </summary>
    private Peering? Successor(TimeSpan now, Peering old) => state.With(old.Pair, old.Key!.Fingerprint)
        .Where(p => p != old && p.SilentAt is null && p.Since - old.Since > (now - old.Since) / 2).MaxBy(p => p.Since);

    private void Replace(TimeSpan now, Peering old, Renewal renewal, Peering successor)
    {
        if (renewal.Under != successor.Handle)
        {
            // Once, and of many no more than this host would make itself: for the others flows ask when they need them.
            renewal.Under = successor.Handle;
            var children = old.Children.Values.OrderBy(child => child.Selectors.SingleFlow is not null).Take(state.Settings.NarrowMaximum);
            foreach (var child in children.Where(child => !Carries(successor, child)).ToList())
            {
                negotiations.Renew(now, successor, child);
            }
        }

        if (!negotiations.IsAwaited(successor) && !negotiations.IsAwaited(old))
        {
            state.Ike.DeleteIkeSa(now, old.Handle, CloseReason.Reauthenticated, $"its peer has proved itself anew under {successor.Handle}", tellPeer: true);
        }
    }

    private static bool Carries(Peering successor, ChildSa child) => successor.Children.Carrying(child.Selectors).Any(c =>
        c.Channel == child.Channel && (c.Selectors == child.Selectors || child.Selectors.SingleFlow is null));

    /// <summary>
    /// There is an attempt already. One that stands without being a successor was somebody else, and stays what it is: it does not
    /// keep the peer from being called again. One that calls where the peer of a moving tunnel is no more is given up.
    /// </summary>
    private bool IsUnderWay(TimeSpan now, Peering old, Renewal renewal)
    {
        if (renewal.Attempt is not { } handle || state.Find(handle) is not { } attempt)
        {
            return false;
        }

        if (attempt.Established)
        {
            renewal.Failure = $"{attempt.Key} answered in its place";
            return false;
        }

        if (attempt.Pair.Moves && attempt.Ends != old.Ends)
        {
            state.Ike.DeleteIkeSa(now, handle, CloseReason.Superseded, "the tunnel has moved meanwhile", tellPeer: false);
            return false;
        }

        return true;
    }

    private sealed class Renewal
    {
        public IkeSaHandle? Attempt { get; set; }

        /// <summary>The successor under which Child SAs were asked for; it need not get them.</summary>
        public IkeSaHandle? Under { get; set; }

        /// <summary>Why the last attempt came to nothing.</summary>
        public string? Failure { get; set; }
    }
}
