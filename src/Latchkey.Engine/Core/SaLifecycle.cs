using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>Keeps the datapath's SAs in step with the IKE core's Child SAs, each in its channel.</summary>
internal sealed class SaLifecycle(EngineState state)
{
    /// <summary>So many Child SAs may wait beside others; the next is used at once, and a peer that makes so many loses what it cannot read yet.</summary>
    private const int MostBeside = 16;

    /// <summary>A replaced inbound SA stays this long for packets that were under way, and an outbound one waits no longer to be used.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    /// <summary>In the order of their end.</summary>
    private readonly List<(TimeSpan At, Channel Channel, uint Spi)> _lingering = [];

    /// <summary>Child SAs beside others that carry the same already, in the order in which they are used at the latest.</summary>
    private readonly Queue<(TimeSpan At, ChildSa Child)> _beside = new();

    public TimeSpan? NextDeadline => (_lingering.Count, _beside.Count) switch
    {
        (0, 0) => null,
        (0, _) => _beside.Peek().At,
        (_, 0) => _lingering[0].At,
        _ => _lingering[0].At < _beside.Peek().At ? _lingering[0].At : _beside.Peek().At,
    };

    /// <param name="asked">What this host asked for; null when it did not.</param>
    /// <returns>The Child SA, or null when its IKE SA is unknown.</returns>
    public ChildSa? Established(TimeSpan now, ChildEstablished e, SelectorSet? asked)
    {
        if (state.Find(e.Sa) is not { Key: { } key } peering)
        {
            e.InboundKey.Dispose();
            e.OutboundKey.Dispose();
            return null;
        }

        var channel = state.Channels.For(state.ParametersFor(peering.Pair, key.Fingerprint, e.Suite, e.Tunnel));
        var encapsulation = e.UdpEncapsulation ? Encapsulation.Udp : Encapsulation.Esp;
        var beside = e.Rekeys is null && !e.Initiated && _beside.Count < MostBeside && IsCarried(channel, e.Selectors);
        var waits = beside || (e.Rekeys is not null && !e.Initiated);
        var outbound = Sa(SaDirection.Outbound, e.OutboundSpi, e.OutboundKey);
        var child = new ChildSa(e.Child, e.Sa, channel, e.InboundSpi, e.OutboundSpi, e.Suite, e.Selectors, now)
        {
            Encapsulation = encapsulation,
            Rekeys = e.Rekeys,
            IsNarrowed = asked is not null && asked != e.Selectors,
            WaitingOutbound = waits ? outbound : null,
        };
        state.Add(peering, child);
        if (beside)
        {
            _beside.Enqueue((now + Linger, child));
        }

        if (peering.Nat.There && e.PeerInner is { } inner)
        {
            peering.PrivateAddress = inner;
        }

        // What still lingers of another peer there would conflict with the new SA (RFC 5660 L26).
        EndLingering(old => old.Channel.Parameters.PeerKey != key.Fingerprint && old.Channel.Parameters.Path == peering.Pair
            && !state.Latches.On(old.Channel).Any(l => l.Conducts));
        state.Effects.Add(new InstallSa(Sa(SaDirection.Inbound, e.InboundSpi, e.InboundKey)));
        if (!waits)
        {
            state.Effects.Add(new InstallSa(outbound));
        }

        var kind = e.Rekeys is null ? EventKind.ChildSaEstablished : EventKind.ChildSaRekeyed;
        state.Effects.Raise(kind, now, peering, child, $"{child.Handle} with {peering.Remote.Address} protects {e.Selectors} by {e.Suite}{(e.Rekeys is { } old ? $", in place of {old}" : "")}");
        return child;

        EspSa Sa(SaDirection direction, uint spi, SecretBytes material) => new(
            direction, spi, new ChannelId(channel.Id), e.Suite.Encryption, material, e.Suite.Esn, e.Selectors, e.Local, e.Remote, encapsulation, e.Translated, e.Tunnel);
    }

    public void Closed(TimeSpan now, ChildClosed e)
    {
        if (state.Find(e.Sa) is not { } peering || !peering.Children.TryGetValue(e.Child, out var child))
        {
            return;
        }

        state.Remove(peering, child);
        if (child.WaitingOutbound is { } never)
        {
            never.KeyMaterial.Dispose();
            child.WaitingOutbound = null;
        }
        else
        {
            state.Effects.Add(new RemoveSa(SaDirection.Outbound, new ChannelId(child.Channel.Id), e.OutboundSpi));
        }

        var successor = e.Reason == CloseReason.Rekeyed ? peering.Children.Values.FirstOrDefault(c => c.Rekeys == e.Child) : null;
        if (successor is not null)
        {
            Activate(successor);
        }

        if (!state.Between(peering.Pair).Any(p => p.Children.Values.Any(c => c.Channel == child.Channel)))
        {
            // The last of them: whatever ended it ends what waited for stragglers too.
            EndLingering(old => old.Channel == child.Channel);
        }

        if (successor is not null || (e.Reason == CloseReason.IkeSaClosed && Carrying(child.Channel, child.Selectors, besides: peering).Any()))
        {
            _lingering.Add((now + Linger, child.Channel, e.InboundSpi));
        }
        else
        {
            state.Effects.Add(new RemoveSa(SaDirection.Inbound, new ChannelId(child.Channel.Id), e.InboundSpi));
        }

        state.Effects.Raise(EventKind.ChildSaClosed, now, peering, child, $"{child.Handle} with {peering.Remote.Address} is gone: {e.Text}", e.Reason.ToString());
        state.ReleaseIfUnused(child.Channel);
    }

    /// <summary>The peer sends under a new SA: it can receive under it too.</summary>
    public void FirstInbound(uint spi)
    {
        if (state.FindChild(spi) is { } child)
        {
            Activate(child);
        }
    }

    public void HandleDeadline(TimeSpan now)
    {
        EndLingering(old => old.At <= now);
        while (_beside.TryPeek(out var waiting) && waiting.At <= now)
        {
            Activate(_beside.Dequeue().Child);
        }
    }

    /// <summary>Where the SA that went out first is gone, the one beside it is used. To be called when all is done: the next to go may be that one.</summary>
    public void UseWhatIsLeft()
    {
        foreach (var (_, child) in _beside.Where(w => w.Child.WaitingOutbound is not null && !IsCarried(w.Child.Channel, w.Child.Selectors)))
        {
            Activate(child);
        }
    }

    private bool IsCarried(Channel channel, SelectorSet selectors) => Carrying(channel, selectors).Any(c => c.WaitingOutbound is null);

    /// <summary>Child SAs of a channel that cover all of these, under whichever IKE SA with its peer, or under others besides one.</summary>
    private IEnumerable<ChildSa> Carrying(Channel channel, SelectorSet selectors, Peering? besides = null) =>
        state.Between(channel.Parameters.Path).Where(p => p != besides && p.SilentAt is null).SelectMany(p => p.Children.Carrying(selectors)).Where(c => c.Channel == channel);

    private void EndLingering(Predicate<(TimeSpan At, Channel Channel, uint Spi)> which)
    {
        foreach (var old in _lingering.FindAll(which))
        {
            state.Effects.Add(new RemoveSa(SaDirection.Inbound, new ChannelId(old.Channel.Id), old.Spi));
        }

        _lingering.RemoveAll(which);
    }

    private void Activate(ChildSa child)
    {
        if (child.WaitingOutbound is { } outbound)
        {
            child.WaitingOutbound = null;
            state.Effects.Add(new InstallSa(outbound));
        }
    }
}
