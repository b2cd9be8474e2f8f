using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>What the engine's parts share: the tables, the IKE core, and the queue of effects.</summary>
internal sealed class EngineState(EngineSettings settings, SecurityPolicy policy, SigningKey identity, IkeHost ike)
{
    private readonly Dictionary<AddressPair, HashSet<Peering>> _byPair = [];
    private readonly Dictionary<uint, ChildSa> _byInboundSpi = [];

    public EngineSettings Settings { get; } = settings;

    public SecurityPolicy Policy { get; } = policy;

    public PeerAuthorizationDatabase Pad { get; } = new(policy);

    public ChildAuthorization ChildAuthorization { get; } = new(policy);

    public SigningKey Identity { get; } = identity;

    public IkeHost Ike { get; } = ike;

    public LatchDatabase Latches { get; } = new();

    public ChannelTable Channels { get; } = new();

    public Dictionary<IkeSaHandle, Peering> Peerings { get; } = [];

    public EffectQueue Effects { get; } = new();

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

    /// <summary>Child SAs between two addresses that cover a flow, the newest first.</summary>
    public IEnumerable<ChildSa> Covering(FlowKey flow) =>
        Between(AddressPair.Of(flow)).SelectMany(p => p.Children.Values).Where(c => c.Selectors.Covers(flow))
            .OrderByDescending(c => c.Since).ThenByDescending(c => c.Handle.Value);

    /// <summary>What binds SAs of a peer with a suite (RFC 5660 §2, P1 to P5).</summary>
    public ChannelParameters ParametersFor(AddressPair pair, KeyFingerprint peerKey, EspSuite suite) => new(
        pair.Local, pair.Remote, Identity.Public.Fingerprint, peerKey, ProtectionType.ConfidentialityAndIntegrity, SaMode.Transport,
        new QualityOfProtection(suite.Encryption, suite.Esn));

    /// <summary>Forgets a channel when neither a latch nor an SA uses it.</summary>
    public void ReleaseIfUnused(Channel channel)
    {
        var pair = new AddressPair(channel.Parameters.Local, channel.Parameters.Remote);
        if (Latches.On(channel).Count == 0 && !Between(pair).Any(p => p.Children.Values.Any(c => c.Channel == channel)))
        {
            Channels.Release(channel);
        }
    }
}
