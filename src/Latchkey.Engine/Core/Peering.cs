using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>One IKE SA as the engine sees it: who is at the other end, what hangs on it, and whether it still answers.</summary>
/// <param name="path">Where its channels and latches meet.</param>
internal sealed class Peering(IkeSaHandle handle, bool initiated, AddressPair path, InetEndpoint local, InetEndpoint remote, TimeSpan since)
{
    /// <summary>How long a silence counts as proved; after that somebody may have come back unnoticed.</summary>
    private static readonly TimeSpan EvidenceLifetime = TimeSpan.FromSeconds(1);

    public IkeSaHandle Handle { get; } = handle;

    public bool Initiated { get; } = initiated;

    public AddressPair Pair { get; } = path;

    /// <summary>Where its two ends are now; another pair than <see cref="Pair"/> only on a path that moves.</summary>
    public AddressPair Ends => new(Local.Address, Remote.Address);

    public InetEndpoint Local { get; set; } = local;

    public InetEndpoint Remote { get; set; } = remote;

    public NatSides Nat { get; set; }

    /// <summary>The peer's own address behind its NAT, once it named it.</summary>
    public InetAddress? PrivateAddress { get; set; }

    public TimeSpan Since { get; set; } = since;

    public TimeSpan LastHeard { get; set; } = since;

    /// <summary>Set when the peer proved its key.</summary>
    public PeerKey? Key { get; set; }

    /// <summary>What it says it is, set with <see cref="Key"/>.</summary>
    public AssertedIdentity? Asserted { get; set; }

    public PadResult? Match { get; set; }

    /// <summary>Set when IKE_AUTH is done; for life, because rekeys authenticate nobody anew.</summary>
    public PeerAuthentication? Authentication { get; set; }

    /// <summary>Which life of its host the peer spoke from; null when it showed no birth certificate that counts.</summary>
    public BirthCertificate? Birth { get; set; }

    /// <summary>What that says; null until the peer is authorised.</summary>
    public Life? Life { get; set; }

    /// <summary>The peer proved that it has lost this IKE SA.</summary>
    public bool ForgotUs { get; set; }

    public bool Established { get; set; }

    public IkeSuite? Suite { get; set; }

    public ulong SpiI { get; set; }

    public ulong SpiR { get; set; }

    public ChildSas Children { get; } = new();

    public ToldRefusals Refusals { get; } = new();

    /// <summary>When a probe train went unanswered and nothing was heard since.</summary>
    public TimeSpan? SilentAt { get; private set; }

    /// <summary>A probe train is under way.</summary>
    public bool Probing { get; set; }

    /// <summary>Empty questions still to be asked only to learn how long an answer takes.</summary>
    public int Measurements { get; set; }

    /// <summary>The next probe on a mere hint or on unanswered data comes no earlier.</summary>
    public TimeSpan NextHintProbe { get; set; }

    /// <summary>Grows while probes are answered and data is not: a one-way flow must not cause a probe each time.</summary>
    public TimeSpan HintSpacing { get; set; }

    /// <summary>When data was last seen to go unanswered; silences closer together than that are one silence.</summary>
    public TimeSpan LastUnanswered { get; set; } = TimeSpan.MinValue / 2;

    /// <summary>Addresses of ours to which the peer does not let the IKE SA move.</summary>
    public HashSet<InetAddress> RefusedLocal { get; } = [];

    /// <summary>Addresses of the peer at which it did not answer, since it was last heard.</summary>
    public HashSet<InetAddress> Tried { get; } = [];

    public string? PeerName => (Match as PadResult.Known)?.Peer.Name;

    public bool IsProvedSilent(TimeSpan now) => SilentAt is { } at && now - at <= EvidenceLifetime;

    /// <summary>
    /// The peer narrowed the Child SA of a protect entry so that it leaves out this flow (RFC 7296 §2.9). Asked for the flow
    /// alone it says yes, or refuses.
    /// </summary>
    /// <param name="wanted">What the entry wants for the flow.</param>
    public bool LeavesOut(FlowKey flow, SelectorSet wanted) =>
        !Children.Values.Any(c => c.Selectors.Covers(flow))
        && Children.Values.Any(c => (c.IsNarrowed || c.Selectors.SingleFlow is null) && wanted.Covers(c.Selectors));

    public void Heard(TimeSpan now)
    {
        LastHeard = now;
        SilentAt = null;
        Probing = false;
        Tried.Clear();
    }

    public void FellSilent(TimeSpan now)
    {
        SilentAt = now;
        Probing = false;
    }
}

/// <summary>A Child SA and the channel it belongs to for life.</summary>
internal sealed record ChildSa(
    ChildSaHandle Handle, IkeSaHandle Sa, Channel Channel, uint InboundSpi, uint OutboundSpi, EspSuite Suite, SelectorSet Selectors, TimeSpan Since)
{
    /// <summary>It changes when the SA moves to where a NAT is, or away from one.</summary>
    public required Encapsulation Encapsulation { get; set; }

    /// <summary>
    /// The outbound half of a Child SA that the peer began in place of another, or beside it: it cannot receive under it before
    /// it has our answer, so it is used from the first packet, or the Delete of the old one, that shows it has.
    /// </summary>
    public EspSa? WaitingOutbound { get; set; }

    public ChildSaHandle? Rekeys { get; init; }

    /// <summary>More was asked for.</summary>
    public bool IsNarrowed { get; init; }
}
