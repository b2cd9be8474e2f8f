using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>What the engine's parts share: the tables, the IKE core, and the queue of effects.</summary>
internal sealed class EngineState
{
    private readonly Dictionary<AddressPair, HashSet<Peering>> _byPair = [];
    private readonly Dictionary<uint, ChildSa> _byInboundSpi = [];

    public EngineState(EngineSettings settings, SecurityPolicy policy, SigningKey identity, IRandomSource random)
    {
        (Settings, Identity) = (settings, identity);
        Adopt(policy);
        Ike = new IkeHost(settings.Ike, identity, new ResponderPolicy(this), random);
    }

    public EngineSettings Settings { get; }

    public SecurityPolicy Policy { get; private set; }

    public PeerAuthorizationDatabase Pad { get; private set; }

    public ChildAuthorization ChildAuthorization { get; private set; }

    public SigningKey Identity { get; }

    public IkeHost Ike { get; }

    public IReadOnlyDictionary<string, PeerCredentials> Credentials { get; set; } = ImmutableDictionary<string, PeerCredentials>.Empty;

    public LatchDatabase Latches { get; } = new();

    public ClearFlows ClearFlows { get; } = new();

    public IpsecHosts IpsecHosts { get; } = new();

    /// <summary>Why no further flow goes in clear whatever policy says; null while it may.</summary>
    public string? ClearSuspended { get; set; }

    public ChannelTable Channels { get; } = new();

    public Dictionary<IkeSaHandle, Peering> Peerings { get; } = [];

    public PeerLives Lives { get; } = new();

    public UnheardPeers Unheard { get; } = new();

    public EffectQueue Effects { get; } = new();

    /// <summary>Latches that a change of policy contradicted and that stayed.</summary>
    public HashSet<Latch> Kept { get; } = [];

    /// <summary>Flows that have a latch and no protect entry any more.</summary>
    public HashSet<FlowKey> OutsidePolicy { get; } = [];

    /// <summary>What this host holds for its own; null until that was told.</summary>
    public ImmutableArray<InetPrefix>? OwnAddresses { get; set; }

    /// <summary>This host forwards the flow, and has no socket of it.</summary>
    public bool IsForwarded(ProtectEntry entry, FlowKey flow) =>
        entry.Forwarding is not null && OwnAddresses is { } own && !own.Any(prefix => prefix.Contains(flow.Local));

    /// <summary>No socket tells when the flow of a forwarded latch ends: its packets must.</summary>
    public void Follow(Latch latch)
    {
        if (latch.IsForwarded)
        {
            Effects.Add(new FollowFlow(latch.Flow, (latch.Entry.Forwarding ?? Forwarding.Default).IdleOf(latch.Flow.Protocol)));
        }
    }

    /// <summary>From now on this policy decides, and what is made of it.</summary>
    [MemberNotNull(nameof(Policy), nameof(Pad), nameof(ChildAuthorization))]
    public void Adopt(SecurityPolicy policy) => (Policy, Pad, ChildAuthorization) = (policy, new PeerAuthorizationDatabase(policy), new ChildAuthorization(policy));

    /// <summary>Entries that are policy no more and live on in latches between two addresses, for the latched key only (RFC 5660 L30).</summary>
    public IEnumerable<ProtectEntry> KeptFor(AddressPair pair, KeyFingerprint key) =>
        KeptBetween(pair).Where(l => l.Channel!.Parameters.PeerKey == key).Select(l => l.Entry).Distinct();

    /// <summary>Entries under which two addresses may speak; those that latches keep are first (RFC 5660 L30).</summary>
    public IEnumerable<ProtectEntry> EntriesBetween(AddressPair pair) =>
        KeptBetween(pair).Select(l => l.Entry).Concat(Policy.Protect.Where(entry => entry.MayMeet(pair)));

    /// <summary>What the PAD says to a key that was proved between two addresses.</summary>
    public PadResult Authorize(AssertedIdentity asserted, KeyFingerprint key, AddressPair pair) =>
        Pad.Authorize(asserted, key, pair.Remote, openToStrangers: KeptFor(pair, key).Any(entry => entry.BtnsOk));

    /// <summary>What policy says today of a flow that is latched to a key (RFC 5660 §2.3; C5 and C6).</summary>
    public LatchVerdict Judge(Latch latch)
    {
        var key = latch.Channel!.Parameters.PeerKey;
        var asserted = With(latch.Path, key).FirstOrDefault()?.Asserted ?? new AssertedIdentity(key, null, null);

        // Whether strangers are let in at all is the entry's word, and asked below.
        return Pad.Authorize(asserted, key, latch.Path.Remote, openToStrangers: true) is PadResult.Refused { Reason: var why } ? new LatchVerdict.PeerUnauthorized(why)
            : Policy.Find(latch.Flow) is not { } entry ? new LatchVerdict.Contradicts("no [[protect]] entry covers it any more")
            : entry.PathOf(latch.Flow) != latch.Path || entry.Mode != latch.Channel.Parameters.Mode
                ? new LatchVerdict.Contradicts($"[[protect]] \"{entry.Name}\" wants {entry.Mode} mode between {entry.PathOf(latch.Flow)}, and it is latched in {latch.Channel.Parameters.Mode} mode between {latch.Path}")
            : latch.IsForwarded && entry.Forwarding is null ? new LatchVerdict.Contradicts($"[[protect]] \"{entry.Name}\" has no forward = true any more, and this host forwards it")
            : !Policy.Admits(entry, key, latch.Path.Remote) ? new LatchVerdict.Contradicts($"[[protect]] \"{entry.Name}\" has trust = \"known\", and its peer's key is in no [[peer]] and not pinned by a person")
            : entry.ObjectionTo(latch.Channel.Parameters.Quality) is { } weak ? new LatchVerdict.Contradicts(weak)
            : new LatchVerdict.Agrees(entry);
    }

    /// <summary>A channel may carry flows of an entry: its peer may use it, and its suite is one that the entry wants.</summary>
    public bool Serves(Channel channel, ProtectEntry entry) =>
        entry.Mode == channel.Parameters.Mode && Policy.Admits(entry, channel.Parameters.PeerKey, channel.Parameters.Remote) && entry.ObjectionTo(channel.Parameters.Quality) is null;

    public IReadOnlyCollection<Peering> Between(AddressPair pair) => _byPair.GetValueOrDefault(pair) is { } found ? found : [];

    public ChildSa? FindChild(uint inboundSpi) => _byInboundSpi.GetValueOrDefault(inboundSpi);

    public Peering? Find(IkeSaHandle handle) => Peerings.GetValueOrDefault(handle);

    public Peering Add(Peering peering)
    {
        Peerings.Add(peering.Handle, peering);
        if (!_byPair.TryGetValue(peering.Pair, out var between))
        {
            _byPair.Add(peering.Pair, between = []);
        }

        between.Add(peering);
        return peering;
    }

    public void Remove(Peering peering)
    {
        Peerings.Remove(peering.Handle);
        if (_byPair.TryGetValue(peering.Pair, out var between) && between.Remove(peering) && between.Count == 0)
        {
            _byPair.Remove(peering.Pair);
        }

        if (peering.Key is { } key)
        {
            ForgetLifeIfUnused(peering.Pair, key.Fingerprint);
        }
    }

    public void Add(Peering peering, ChildSa child)
    {
        peering.Children.Add(child.Handle, child);
        _byInboundSpi[child.InboundSpi] = child;
    }

    public void Remove(Peering peering, ChildSa child)
    {
        peering.Children.Remove(child.Handle);
        _byInboundSpi.Remove(child.InboundSpi);
    }

    /// <summary>Established IKE SAs with one key between two addresses.</summary>
    public IEnumerable<Peering> With(AddressPair pair, KeyFingerprint key) =>
        Between(pair).Where(p => p.Established && p.Key?.Fingerprint == key);

    /// <summary>The peer of an IKE SA has, or is just making, another one with us under which it answers.</summary>
    public bool IsMetAgain(Peering peering) =>
        Between(peering.Pair).Any(p => p != peering && p.Key?.Fingerprint == peering.Key!.Fingerprint && p.SilentAt is null);

    /// <summary>Child SAs between two outer addresses that cover a flow, the newest first.</summary>
    public IEnumerable<ChildSa> Covering(AddressPair path, FlowKey flow) =>
        Between(path).SelectMany(p => p.Children.Values).Where(c => c.Selectors.Covers(flow))
            .OrderByDescending(c => c.Since).ThenByDescending(c => c.Handle.Value);

    /// <summary>Child SAs that cover one flow and nothing else (RFC 5660 L17).</summary>
    public IEnumerable<ChildSa> NarrowChildren(Latch latch) => Covering(latch).Where(c => c.Selectors.SingleFlow == latch.Flow);

    /// <summary>Child SAs that cover a latch's flow, the newest first.</summary>
    public IEnumerable<ChildSa> Covering(Latch latch) => Covering(latch.Path, latch.Flow);

    /// <summary>What binds SAs of a peer with a suite (RFC 5660 §2, P1 to P5).</summary>
    public ChannelParameters ParametersFor(AddressPair pair, KeyFingerprint peerKey, EspSuite suite, bool tunnel) => new(
        pair.Local, pair.Remote, Identity.Public.Fingerprint, peerKey, ProtectionType.ConfidentialityAndIntegrity, tunnel ? SaMode.Tunnel : SaMode.Transport,
        new QualityOfProtection(suite.Encryption, suite.Esn));

    /// <summary>Suites of the living latches that a Child SA would carry; a peer that is offered them, or offers them, need break none.</summary>
    public ImmutableArray<EspSuite> Latched(AddressPair pair, SelectorSet selectors)
    {
        var latches = selectors.SingleFlow is { } flow ? Latches.Find(flow) is { } one ? [one] : [] : Latches.Between(pair);
        return [.. latches.Where(l => l.Conducts && selectors.Covers(l.Flow)).Select(l => l.Channel!.Parameters.Quality).Distinct().Select(q => new EspSuite(q.Encryption, q.Esn, null))];
    }

    /// <summary>Forgets a channel when neither a latch nor an SA uses it.</summary>
    public void ReleaseIfUnused(Channel channel)
    {
        var pair = new AddressPair(channel.Parameters.Local, channel.Parameters.Remote);
        if (Latches.On(channel).Count == 0 && !Between(pair).Any(p => p.Children.Values.Any(c => c.Channel == channel)))
        {
            Channels.Release(channel);
            Unheard.Forget(channel);
            ForgetLifeIfUnused(pair, channel.Parameters.PeerKey);
        }
    }

    private void ForgetLifeIfUnused(AddressPair pair, KeyFingerprint key)
    {
        if (!Between(pair).Any(p => p.Key?.Fingerprint == key) && !Latches.Between(pair).Any(l => l.Channel?.Parameters.PeerKey == key))
        {
            Lives.Forget(pair, key);
        }
    }

    private IEnumerable<Latch> KeptBetween(AddressPair pair) => Kept.Where(l => l.IsKept && l.Path == pair);
}
