using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// What it means that a peer no longer knows us. A host that restarted has lost its connections, so its latches break (RFC
/// 5660 L16); a daemon that restarted has not, and its SAs are replaced inside the channel. A birth certificate tells the
/// two apart; with peers that show none it must be guessed (docs/decisions/restart-evidence.md).
/// </summary>
internal sealed class Restarts(EngineState state, LatchBreaker breaker, Negotiations negotiations)
{
    /// <summary>An authorised peer showed its birth certificate, or none. One of a later life is a proof by itself.</summary>
    /// <remarks>Once for an IKE SA, however often it is judged.</remarks>
    public void Meet(TimeSpan now, Peering newcomer, BirthCertificate? shown)
    {
        if (newcomer.Life is not null)
        {
            return;
        }

        var (pair, key) = (newcomer.Pair, newcomer.Key!.Fingerprint);
        (newcomer.Birth, newcomer.Life) = (shown, state.Lives.Meet(pair, key, shown));
        switch (newcomer.Life)
        {
            case Life.Later:
                state.Effects.Raise(EventKind.PeerRestarted, now, newcomer, $"{key} at {pair.Remote} restarted: its birth certificate is of a later life", nameof(BreakReason.PeerRestarted));
                // What began in this life of the peer, before we knew of it, is not lost.
                Break(now, pair, key, $"{key} at {pair.Remote} restarted, its birth certificate says", before: shown!.Value.Began);
                Replace(now, [.. state.With(pair, key).Where(p => p != newcomer)], CloseReason.PeerGone, $"the peer restarted (birth certificate in {newcomer.Handle})");
                break;
            case Life.Contradiction:
                state.Effects.Raise(
                    EventKind.BirthCertificateRefused, now, newcomer,
                    $"the birth certificate of {key} at {pair.Remote} contradicts the one before and counts for nothing: its number must grow from life to life", "BirthNotLater");
                newcomer.Birth = null;
                break;
        }
    }

    /// <summary>
    /// What a peer that says INITIAL_CONTACT has forgotten, if it did: the IKE SAs of its key that stood before the exchange it
    /// says so in began. Both ends may begin at once, and a slow exchange knows nothing of what was made meanwhile.
    /// </summary>
    public IEnumerable<Peering> Forgotten(IkeSaHandle newcomer, AddressPair pair, KeyFingerprint key, TimeSpan? initialContact) =>
        initialContact is { } began ? state.With(pair, key).Where(p => p.Handle != newcomer && p.Since < began) : [];

    /// <summary>
    /// The same key came back, says that it knows nothing of us, and its old IKE SAs are silent (RFC 7296 §2.4). In the same
    /// life only its daemon restarted; without a certificate to tell, it is taken for the host unless configured otherwise.
    /// </summary>
    public void InitialContact(TimeSpan now, Peering newcomer, TimeSpan? initialContact)
    {
        var (pair, key) = (newcomer.Pair, newcomer.Key!.Fingerprint);
        var old = Forgotten(newcomer.Handle, pair, key, initialContact).ToList();
        if (old.Count == 0 || old.Any(p => !p.IsProvedSilent(now)))
        {
            // Nothing was forgotten: there was no old SA, or the peer answered under it.
            return;
        }

        if (newcomer.Life == Life.Same || !state.Settings.BreakOnForeignInitialContact)
        {
            Replace(now, old, CloseReason.Superseded, $"the peer's daemon restarted and goes on under {newcomer.Handle}");
            return;
        }

        Break(now, pair, key, $"{key} at {pair.Remote} came back with INITIAL_CONTACT and no longer answers under its old IKE SA");
        Replace(now, old, CloseReason.PeerGone, $"the peer restarted (INITIAL_CONTACT in {newcomer.Handle})");
        state.Lives.Restart(pair, key, newcomer.Birth);
    }

    /// <summary>
    /// The peer proved by its crash detection token that it has lost this IKE SA (RFC 6290). One that speaks birth
    /// certificates is asked what happened as soon as the SA is gone; of any other it means that it restarted.
    /// </summary>
    public void ForgotUs(TimeSpan now, Peering peering, InetEndpoint from)
    {
        var key = peering.Key!.Fingerprint;
        state.Effects.Raise(
            EventKind.CrashDetected, now, peering, $"{key} at {peering.Remote.Address} has lost {peering.Handle}: its crash detection token came from {from}", "CrashDetected");
        peering.ForgotUs = true;
        if (peering.Birth is null && !state.IsMetAgain(peering))
        {
            Break(now, peering.Pair, key, $"{key} at {peering.Remote.Address} restarted, its crash detection token says");
        }
    }

    /// <summary>That IKE SA is gone: who is at the address now, and in which life, decides what becomes of its latches.</summary>
    public void Ask(TimeSpan now, Peering peering)
    {
        if (state.IsMetAgain(peering))
        {
            return;
        }

        var channels = state.Latches.Between(peering.Pair)
            .Where(l => l.Conducts && l.Channel!.Parameters.PeerKey == peering.Key!.Fingerprint).Select(l => l.Channel!).Distinct().ToList();
        foreach (var channel in channels)
        {
            negotiations.AskWhoIsThere(now, peering, channel);
        }
    }

    private void Replace(TimeSpan now, List<Peering> old, CloseReason reason, string text)
    {
        foreach (var peering in old)
        {
            state.Ike.DeleteIkeSa(now, peering.Handle, reason, text, tellPeer: false);
        }
    }

    private void Break(TimeSpan now, AddressPair pair, KeyFingerprint key, string because, TimeSpan? before = null)
    {
        // When a restored latch began is not known; the life in which its peer proved itself is, and it is another.
        var latches = state.Latches.Between(pair)
            .Where(l => l.Conducts && l.Channel!.Parameters.PeerKey == key && (!(l.Since >= before) || l.Authentication is { At: null, Life: not null })).ToList();
        if (latches.Count > 0)
        {
            breaker.Break(now, latches, BreakReason.PeerRestarted, because);
        }
    }
}
