using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>What a person may see of an IKE SA.</summary>
/// <param name="Initiated">We began it.</param>
/// <param name="SpiI">Of the current keys; 0 until IKE_SA_INIT is done.</param>
/// <param name="SpiR">Of the current keys; 0 until IKE_SA_INIT is done.</param>
/// <param name="Suite">Null until IKE_SA_INIT is done.</param>
/// <param name="Peer">Null until the peer proved its key.</param>
/// <param name="RoundTrip">Smoothed; null until one was measured.</param>
/// <param name="LastHeard">The last valid message, on the clock of the host's calls.</param>
public sealed record IkeSaInfo(
    IkeSaHandle Sa, IkeSaState State, bool Initiated, InetEndpoint Local, InetEndpoint Remote, ulong SpiI, ulong SpiR, IkeSuite? Suite, KeyFingerprint? Peer,
    TimeSpan? RoundTrip, TimeSpan? LastHeard, ImmutableArray<ChildSaInfo> Children)
{
    /// <summary>Until when the peer's proof counts, on the clock of the host's calls; null: without end.</summary>
    public TimeSpan? ProofUntil { get; init; }

    /// <summary>Until when ours counts with the peer, as it told (RFC 4478); null: without end.</summary>
    public TimeSpan? OwnProofUntil { get; init; }

    /// <summary>Its ends may move (RFC 4555).</summary>
    public bool IsMobile { get; init; }

    /// <summary>Where else the peer can be reached, as it told.</summary>
    public ImmutableArray<InetAddress> PeerAddresses { get; init; } = [];
}

/// <summary>What a person may see of a Child SA.</summary>
public sealed record ChildSaInfo(ChildSaHandle Child, uint InboundSpi, uint OutboundSpi, EspSuite Suite, SelectorSet Selectors);
