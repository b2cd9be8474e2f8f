using System.Collections.Immutable;
using Latchkey.Crypto;

namespace Latchkey.Ike;

/// <summary>How this host speaks IKE. Every default says why.</summary>
public sealed record IkeSettings
{
    /// <summary>What is offered and accepted for IKE SAs, best first.</summary>
    public required ImmutableArray<IkeProposal> IkeProposals { get; init; }

    /// <summary>What is offered and accepted for Child SAs, best first.</summary>
    public required ImmutableArray<EspProposal> EspProposals { get; init; }

    /// <summary>First retransmission of a request when no round trip was measured yet; doubles each time (RFC 7296 §2.4).</summary>
    public TimeSpan RetransmitInitial { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Longest interval between retransmissions.</summary>
    public TimeSpan RetransmitMaximum { get; init; } = TimeSpan.FromSeconds(16);

    /// <summary>How long one request is repeated before the IKE SA is given up: with the defaults that is eleven sends.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromSeconds(95);

    /// <summary>Requests of a fast probe train: enough to survive three lost datagrams.</summary>
    public int ProbeCount { get; init; } = 4;

    /// <summary>
    /// Spacing of a probe train is the measured round trip and four times its variation (RFC 6298), within these bounds. With
    /// the lower one a train lasts 40 ms: a living peer may be busy for that long (docs/decisions/evidence.md).
    /// </summary>
    public TimeSpan ProbeMinimum { get; init; } = TimeSpan.FromMilliseconds(10);

    public TimeSpan ProbeMaximum { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Behind a NAT a keepalive is sent this often (RFC 3948 §4); NATs forget idle UDP after 30 seconds or more (RFC 4787 §4.3).</summary>
    public TimeSpan NatKeepalive { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>An IKE SA is rekeyed after this time, less a random tenth so that both ends seldom start at once.</summary>
    public TimeSpan IkeLifetime { get; init; } = TimeSpan.FromHours(4);

    /// <summary>A Child SA is rekeyed after this time, less a random tenth; it is deleted a tenth later.</summary>
    public TimeSpan ChildLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How long a peer's proof of who it is counts: before that it is asked for again, by another IKE SA, and without it the IKE SA
    /// ends (RFC 7296 §2.8.3). Null: as long as the IKE SA is kept, because rekeys leave no key in use for long, and nobody without
    /// the peer's keys can make one. What a certificate's validity ends does so in any case.
    /// </summary>
    public TimeSpan? AuthenticationLifetime { get; init; }

    /// <summary>A peer that tells a shorter lifetime (AUTH_LIFETIME, RFC 4478) is taken to mean this, so that it cannot keep us busy.</summary>
    public TimeSpan AuthenticationLifetimeMinimum { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Half-open responder SAs from which on a cookie is asked for (RFC 7296 §2.6).</summary>
    public int CookieThreshold { get; init; } = 64;

    /// <summary>
    /// First messages in one second from which on <see cref="InitGate"/> asks for a cookie, half-open SAs or not: what is answered
    /// with an error leaves none behind, and costs as much. More than real peers ever begin at once.
    /// </summary>
    public int CookieRate { get; init; } = 256;

    /// <summary>Half-open responder SAs at most; beyond it new requests are dropped and counted.</summary>
    public int HalfOpenMaximum { get; init; } = 4096;

    /// <summary>A half-open SA that got no further is forgotten.</summary>
    public TimeSpan HalfOpenLifetime { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Offer and accept 64-bit sequence numbers in ESP. Off only so that a dissector that does not know them can verify us.</summary>
    public bool Esn { get; init; } = true;

    /// <summary>
    /// Secrets of 32 octets behind our quick crash detection tokens (RFC 6290), the newest first; they must survive a reboot.
    /// Empty: quick crash detection is off, tokens are neither sent nor believed. Owned by who made the settings.
    /// </summary>
    public ImmutableArray<SecretBytes> QcdSecrets { get; init; } = [];

    /// <summary>What former keys of this host said of their successors; every Latchkey peer is shown them.</summary>
    public ImmutableArray<KeyVoucher> Vouchers { get; init; } = [];

    /// <summary>This host's certificate, for peers that want one; null: it has none.</summary>
    public LocalCertificate? Certificate { get; init; }

    /// <summary>Time zero of the caller's clock, since 1970 (UTC): when certificates are valid is said by the calendar.</summary>
    public TimeSpan Origin { get; init; }

    /// <summary>Emit <see cref="KeysExported"/>. For debugging only: whoever reads it reads the traffic.</summary>
    public bool ExportKeys { get; init; }
}

/// <summary>Transforms acceptable together for an IKE SA; within each list the best comes first.</summary>
public sealed record IkeProposal(
    ImmutableArray<AeadAlgorithm> Encryption, ImmutableArray<PrfAlgorithm> Prf, ImmutableArray<KeyExchangeMethod> KeyExchange)
{
    /// <summary>
    /// One of these in addition (RFC 9370), when the IKE SA is made; empty: none. A peer that knows none of them needs another
    /// proposal to choose.
    /// </summary>
    public ImmutableArray<KeyExchangeMethod> AdditionalKeyExchange { get; init; } = [];

    /// <summary>For a rekey, whose keys come from the old ones too and need no second exchange to be as strong.</summary>
    public IkeProposal WithoutAdditional => this with { AdditionalKeyExchange = [] };
}

/// <summary>Transforms acceptable together for a Child SA. With <see cref="IkeSettings.Esn"/> ESN is offered with "no ESN" behind it.</summary>
/// <param name="KeyExchange">For CREATE_CHILD_SA with a new key exchange (PFS); empty: none.</param>
public sealed record EspProposal(ImmutableArray<AeadAlgorithm> Encryption, ImmutableArray<KeyExchangeMethod> KeyExchange);

/// <summary>What an IKE SA was negotiated to.</summary>
public sealed record IkeSuite(AeadAlgorithm Encryption, PrfAlgorithm Prf, KeyExchangeMethod KeyExchange)
{
    /// <summary>The second key exchange, or null.</summary>
    public KeyExchangeMethod? Additional { get; init; }

    /// <summary>The same once more, for a rekey.</summary>
    public IkeProposal Again => new([Encryption], [Prf], [KeyExchange]);

    public override string ToString() => $"{Encryption}/{Prf}/{KeyExchange}{(Additional is null ? "" : $"+{Additional}")}";
}

/// <summary>What a Child SA was negotiated to.</summary>
/// <param name="KeyExchange">The new key exchange of CREATE_CHILD_SA, or null.</param>
public sealed record EspSuite(AeadAlgorithm Encryption, bool Esn, KeyExchangeMethod? KeyExchange)
{
    public override string ToString() => $"{Encryption}{(Esn ? "/ESN" : "")}{(KeyExchange is null ? "" : $"/{KeyExchange}")}";
}
