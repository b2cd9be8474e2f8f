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
    private readonly HashSet<Peering> _moving = [];
    private readonly Dictionary<AddressPair, AddressPair> _ends = [];
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

    /// <summary>What this host holds for its own; null until it is told.</summary>
    public ImmutableArray<InetPrefix>? LocalAddresses { get; set; }

    public EffectQueue Effects { get; } = new();

    /// <summary>Latches that a change of policy contradicted and that stayed.</summary>
    public HashSet<Latch> Kept { get; } = [];

    /// <summary>Flows that have a latch and no protect entry any more.</summary>
    public HashSet<FlowKey> OutsidePolicy { get; } = [];

    /// <summary>This host forwards the flow, and has no socket of it.</summary>
    public bool IsForwarded(ProtectEntry entry, FlowKey flow) =>
        entry.Forwarding is not null && !HasAddress(flow.Local);

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

    /// <summary>Entries whose paths may have these two ends, as far as nobody has proved anything yet.</summary>
    public IEnumerable<ProtectEntry> EntriesWithEnds(AddressPair ends) =>
        Kept.Where(l => l.IsKept && l.Entry.MayBeBetween(ends)).Select(l => l.Entry).Concat(Policy.Protect.Where(entry => entry.MayBeBetween(ends)));

    /// <summary>The entry that a Child SA between these ends would be for; null: none.</summary>
    public ProtectEntry? EntryFor(AddressPair ends, SelectorSet selectors) =>
        EntriesWithEnds(ends).FirstOrDefault(entry => entry.SelectorsOn(entry.PathBetween(ends)).Any(own => !own.Intersect(selectors).IsEmpty));

    /// <summary>
    /// The path of an IKE SA that a peer began: of a tunnel that may move when that is what it is for, and then of nothing else;
    /// what is tied to its addresses must not move with it.
    /// </summary>
    public AddressPair PathOf(AddressPair ends, ChildOffer? offer) =>
        (offer is null ? EntriesWithEnds(ends).FirstOrDefault() : EntryFor(ends, offer.Selectors))?.Tunnel is { Moves: true } tunnel ? tunnel : ends;

    /// <summary>What the PAD says to a key that was proved where these ends are, on a path.</summary>
    /// <param name="at">Where the peer is: the path's own address, or another where its tunnel may be.</param>
    public PadResult Authorize(AssertedIdentity asserted, KeyFingerprint key, AddressPair pair, InetAddress at)
    {
        var match = Pad.Authorize(asserted, key, pair.Remote, openToStrangers: KeptFor(pair, key).Any(entry => entry.BtnsOk));
        return at == pair.Remote ? match : Pad.AlsoAt(match, at);
    }

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

    /// <summary>IKE SAs whose ends are these now.</summary>
    public IEnumerable<Peering> WithEnds(AddressPair ends) => Between(ends).Concat(_moving.Where(peering => peering.Ends == ends));

    /// <summary>Where the ends of a path were last, or are at first.</summary>
    public AddressPair PlaceOf(AddressPair path) => _ends.GetValueOrDefault(path, path with { Moves = false });

    /// <summary>Between which addresses an IKE SA of a path is to begin: where its ends were last, if they may and can still be there.</summary>
    public AddressPair Departure(AddressPair path)
    {
        if (!path.Moves)
        {
            return path;
        }

        var last = PlaceOf(path);
        var own = LocalEnds(path).Where(local => RemoteFor(path, local) is not null).ToList();
        var local = own.Contains(last.Local) || own.Count == 0 ? last.Local : own[0];
        return RemoteFor(path, local) is { } remote ? new AddressPair(local, remote) : path with { Moves = false };
    }

    /// <summary>
    /// Where the peer of a path is looked for from an address of ours: where it was last, or else at the first of its addresses
    /// of that family. Null: it may be at none.
    /// </summary>
    public InetAddress? RemoteFor(AddressPair path, InetAddress local) =>
        RemoteEnds(path).Prepend(PlaceOf(path).Remote).Where(remote => MayBeBetween(path, new AddressPair(local, remote))).Select(remote => (InetAddress?)remote).FirstOrDefault();

    /// <summary>Single addresses at which the peer of a path may be found: those of its entry, then those that it told.</summary>
    public IEnumerable<InetAddress> RemoteEnds(AddressPair path) =>
        EntriesBetween(path).SelectMany(entry => entry.OtherRemote).Where(prefix => prefix.Length == prefix.Address.BitLength)
            .Select(prefix => prefix.Address).Prepend(path.Remote).Concat(Between(path).SelectMany(peering => Ike.Find(peering.Handle)?.PeerAddresses ?? [])).Distinct();

    /// <summary>Addresses that this host has and from which a path may begin, best first.</summary>
    public IEnumerable<InetAddress> LocalEnds(AddressPair path) =>
        Policy.Protect.Where(entry => entry.Tunnel == path).Take(1).SelectMany(entry => entry.OtherLocal.Prepend(path.Local)).Where(HasAddress);

    /// <summary>From now on the ends of a path are looked for here.</summary>
    public void Place(AddressPair path, AddressPair ends)
    {
        if (path.Moves && PlaceOf(path) != ends)
        {
            _ends[path] = ends;
            Effects.Add(new PathMoved(path, ends));
        }
    }

    /// <summary>A path is where the peer of its latches is: another one that shares it does not lead us away.</summary>
    public void Place(Peering peering)
    {
        if (!Latches.Between(peering.Pair).Any(l => l.Conducts && l.Channel!.Parameters.PeerKey != peering.Key!.Fingerprint))
        {
            Place(peering.Pair, peering.Ends);
        }
    }

    /// <summary>This host has an address, as far as it is known.</summary>
    public bool HasAddress(InetAddress address) => LocalAddresses?.Any(prefix => prefix.Contains(address)) != false;

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
        if (peering.Pair.Moves)
        {
            _moving.Add(peering);
        }

        return peering;
    }

    public void Remove(Peering peering)
    {
        Peerings.Remove(peering.Handle);
        _moving.Remove(peering);
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
        peering.Children.Add(child);
        _byInboundSpi[child.InboundSpi] = child;
    }

    public void Remove(Peering peering, ChildSa child)
    {
        peering.Children.Remove(child);
        _byInboundSpi.Remove(child.InboundSpi);
    }

    /// <summary>Established IKE SAs with one key between two addresses.</summary>
    public IEnumerable<Peering> With(AddressPair pair, KeyFingerprint key) =>
        Between(pair).Where(p => p.Established && p.Key?.Fingerprint == key);

    /// <summary>The peer of an IKE SA has, or is just making, another one with us under which it answers.</summary>
    public bool IsMetAgain(Peering peering) =>
        Between(peering.Pair).Any(p => p != peering && p.Key?.Fingerprint == peering.Key!.Fingerprint && p.SilentAt is null);

    /// <summary>Child SAs between two outer addresses that cover a flow, the newest first.</summary>
    public IReadOnlyList<ChildSa> Covering(AddressPair path, FlowKey flow)
    {
        var covering = new List<ChildSa>();
        foreach (var peering in Between(path))
        {
            foreach (var child in peering.Children.Values)
            {
                if (child.Selectors.Covers(flow))
                {
                    covering.Add(child);
                }
            }
        }

        // Every connection that begins asks this, and nearly always one is all there is.
        if (covering.Count > 1)
        {
            covering.Sort((one, other) => (other.Since, other.Handle.Value).CompareTo((one.Since, one.Handle.Value)));
        }

        return covering;
    }

    /// <summary>Child SAs that cover one flow and nothing else (RFC 5660 L17).</summary>
    public IEnumerable<ChildSa> NarrowChildren(Latch latch) => Covering(latch).Where(c => c.Selectors.SingleFlow == latch.Flow);

    /// <summary>Child SAs that cover a latch's flow, the newest first.</summary>
    public IReadOnlyList<ChildSa> Covering(Latch latch) => Covering(latch.Path, latch.Flow);

    /// <summary>What binds SAs of a peer with a suite (RFC 5660 §2, P1 to P5).</summary>
    public ChannelParameters ParametersFor(AddressPair pair, KeyFingerprint peerKey, EspSuite suite, bool tunnel) => new(
        pair.Local, pair.Remote, Identity.Public.Fingerprint, peerKey, ProtectionType.ConfidentialityAndIntegrity, tunnel ? SaMode.Tunnel : SaMode.Transport,
        new QualityOfProtection(suite.Encryption, suite.Esn))
    {
        Moves = pair.Moves,
    };

    /// <summary>Suites of the living latches that a Child SA would carry; a peer that is offered them, or offers them, need break none.</summary>
    public ImmutableArray<EspSuite> Latched(AddressPair pair, SelectorSet selectors)
    {
        var latches = selectors.SingleFlow is { } flow ? Latches.Find(flow) is { } one ? [one] : [] : Latches.Between(pair);
        return [.. latches.Where(l => l.Conducts && selectors.Covers(l.Flow)).Select(l => l.Channel!.Parameters.Quality).Distinct().Select(q => new EspSuite(q.Encryption, q.Esn, null))];
    }

    /// <summary>Forgets a channel when neither a latch nor an SA uses it.</summary>
    public void ReleaseIfUnused(Channel channel)
    {
        var pair = channel.Parameters.Path;
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

    /// <summary>The path may have these ends, as far as policy is concerned and whoever is its peer now.</summary>
    private bool MayBeBetween(AddressPair path, AddressPair ends) =>
        EntriesBetween(path).Any(entry => entry.MayBeBetween(ends))
        && Between(path).Where(peering => peering.Established).All(peering => Authorize(peering.Asserted!, peering.Key!.Fingerprint, path, ends.Remote) is not PadResult.Refused);

    private IEnumerable<Latch> KeptBetween(AddressPair pair) => Kept.Where(l => l.IsKept && l.Path == pair);
}
