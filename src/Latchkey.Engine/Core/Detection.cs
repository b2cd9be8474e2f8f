using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// Finds out whether peers are still there. Hints (unauthenticated complaints, unanswered data, somebody knocking) cause a
/// rate-limited protected probe and nothing else; a silent probe causes the question who is there; only an authenticated
/// answer changes a latch.
/// </summary>
internal sealed class Detection(EngineState state, Negotiations negotiations, LatchBreaker breaker)
{
    /// <summary>Spacing of probes grows up to this while probes are answered and data is not.</summary>
    private static readonly TimeSpan LongestSpacing = TimeSpan.FromSeconds(10);

    /// <summary>Channels for which a refused stranger raised the question whether their peer still lives.</summary>
    private readonly HashSet<Channel> _suspects = [];

    /// <summary>Probes now, whatever the limits of hints: somebody proved a key and waits for the answer.</summary>
    public void Probe(TimeSpan now, Peering peering)
    {
        if (!peering.Probing)
        {
            peering.Probing = true;
            state.Ike.Probe(now, peering.Handle);
        }
    }

    public void Hint(TimeSpan now, HintReceived hint)
    {
        var pair = new AddressPair(hint.Local.Address, hint.Remote.Address);
        foreach (var peering in state.WithEnds(pair).Where(p => p.Established && (HoldsLatches(p) || negotiations.IsAwaited(p))).ToList())
        {
            if (now >= peering.NextHintProbe && !peering.Probing)
            {
                peering.NextHintProbe = now + state.Settings.HintInterval;
                state.Effects.Raise(EventKind.HintReceived, now, peering, $"a hint from {pair.Remote} ({hint.Hint}): probing {peering.Key}", hint.Hint.ToString());
                Probe(now, peering);
            }
        }
    }

    /// <summary>Data went out on a channel and nothing valid came back.</summary>
    public void Unanswered(TimeSpan now, Channel channel)
    {
        var pair = channel.Parameters.Path;
        var peering = state.With(pair, channel.Parameters.PeerKey).MaxBy(p => p.Since);
        if (peering is null or { SilentAt: not null })
        {
            negotiations.AskWhoIsThere(now, peering, channel);
        }
        else
        {
            ProbeForData(now, peering);
        }
    }

    /// <summary>A stranger stands where the channel's peer should, and the operator wants to be told (<c>on_stranger</c>).</summary>
    public void SuspectReplaced(TimeSpan now, Channel channel)
    {
        var pair = channel.Parameters.Path;
        var peering = state.With(pair, channel.Parameters.PeerKey).MaxBy(p => p.Since);
        if (peering is null || peering.IsProvedSilent(now))
        {
            CloseForStranger(now, channel);
            return;
        }

        _suspects.Add(channel);
        Probe(now, peering);
    }

    /// <summary>
    /// Asks twice how long an answer takes. What the handshake took has the peer's key exchange and signature in it, and the
    /// first empty answer comes while it is still busy with what follows; probes are to be paced by the path.
    /// </summary>
    public void Measure(TimeSpan now, Peering peering)
    {
        peering.Measurements = 2;
        Probe(now, peering);
    }

    public void ProbeAnswered(TimeSpan now, Peering peering)
    {
        if (peering.SilentAt is not null)
        {
            state.Effects.Raise(EventKind.ProbeAnswered, now, peering, $"{peering.Key} at {peering.Remote.Address} answers again");
            negotiations.StopAsking(now, peering.Pair, peering.Key!.Fingerprint);
        }

        peering.Heard(now);
        _suspects.RemoveWhere(c => c.Parameters.PeerKey == peering.Key!.Fingerprint && c.Parameters.Remote == peering.Pair.Remote);
        if (peering.Measurements > 0 && --peering.Measurements > 0)
        {
            Probe(now, peering);
        }
    }

    public void ProbeSilent(TimeSpan now, Peering peering, ProbeSilent silent)
    {
        peering.FellSilent(now);
        state.Effects.Raise(EventKind.ProbeSilent, now, peering, $"{peering.Key} at {peering.Remote.Address} left {silent.Sent} probes unanswered for {silent.Waited.TotalMilliseconds:0} ms");
    }

    /// <summary>After a silence: whoever is at the address now is the answer for the latches that still wait for it.</summary>
    public void Pursue(TimeSpan now, Peering peering)
    {
        if (negotiations.IsAwaited(peering) && !HoldsLatches(peering))
        {
            // Flows that have no channel yet need not wait until this IKE SA is given up: the next packet begins another.
            state.Ike.DeleteIkeSa(now, peering.Handle, CloseReason.PeerSilent, "the peer left the probes unanswered", tellPeer: false);
            return;
        }

        foreach (var channel in Channels(peering).ToList())
        {
            if (_suspects.Remove(channel))
            {
                CloseForStranger(now, channel);
            }
            else if (!state.IsMetAgain(peering))
            {
                negotiations.AskWhoIsThere(now, peering, channel);
            }
        }
    }

    /// <summary>
    /// An IKE SA was given up because nobody answered. By default that is packet loss and TCP's own timers decide;
    /// <c>on_silence = "close"</c> makes it a break (RFC 5660 L16).
    /// </summary>
    public void GaveUp(TimeSpan now, Peering peering)
    {
        if (peering.Key is not { } key || state.With(peering.Pair, key.Fingerprint).Any(p => p != peering))
        {
            return;
        }

        var latches = state.Latches.Between(peering.Pair)
            .Where(l => l.Conducts && l.Channel!.Parameters.PeerKey == key.Fingerprint && l.Entry.OnSilence == Reaction.Close).ToList();
        if (latches.Count > 0)
        {
            breaker.Break(now, latches, BreakReason.PeerDead, $"{key} at {peering.Remote.Address} answers nothing, and the policy says on_silence = \"close\"");
        }
    }

    private void ProbeForData(TimeSpan now, Peering peering)
    {
        if (now - peering.LastUnanswered > state.Settings.HintInterval * 2)
        {
            // Data came back meanwhile: this is a new silence, worth a quick probe.
            (peering.HintSpacing, peering.NextHintProbe) = (state.Settings.HintInterval, now);
        }

        peering.LastUnanswered = now;
        if (now >= peering.NextHintProbe && !peering.Probing)
        {
            peering.NextHintProbe = now + peering.HintSpacing;
            peering.HintSpacing = peering.HintSpacing * 2 < LongestSpacing ? peering.HintSpacing * 2 : LongestSpacing;
            Probe(now, peering);
        }
    }

    private IEnumerable<Channel> Channels(Peering peering) => state.Latches.Between(peering.Pair)
        .Where(l => l.Conducts && l.Channel!.Parameters.PeerKey == peering.Key!.Fingerprint).Select(l => l.Channel!).Distinct();

    private bool HoldsLatches(Peering peering) => Channels(peering).Any();

    private void CloseForStranger(TimeSpan now, Channel channel)
    {
        var latches = state.Latches.On(channel).Where(l => l.Conducts && l.Entry.OnStranger == Reaction.Close).ToList();
        if (latches.Count > 0)
        {
            breaker.Break(now, latches, BreakReason.PeerReplaced, $"a stranger answers at {channel.Parameters.Remote}, the peer does not, and the policy says on_stranger = \"close\"");
        }
    }
}
