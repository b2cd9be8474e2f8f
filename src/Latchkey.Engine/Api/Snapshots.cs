using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>A latch as shown to people (RFC 5660 §2.3 INQUIRE_LATCH).</summary>
/// <param name="Flow">For a LISTENER the remote side is unspecified.</param>
/// <param name="Entry">The protect entry that covers it.</param>
/// <param name="Reason">Why it is BROKEN or CLOSED, else null.</param>
public sealed record LatchSnapshot(
    LatchId Id, LatchState State, FlowKey Flow, string Entry, string? PeerKey, string? PeerName, string? LocalKey, uint? Channel, string? Protection,
    string? Mode, string Disposition, string? Reason, TimeSpan Since)
{
    /// <summary>The policy in force says something else, and the latch keeps the one it had (RFC 5660 L30).</summary>
    public bool KeepsItsPolicy { get; init; }

    /// <summary>This host forwards the flow, and has no socket of it.</summary>
    public bool IsForwarded { get; init; }

    /// <summary>The peer proved nothing (RFC 7619): the flow is encrypted and not latched.</summary>
    public bool IsToNobody { get; init; }
}

/// <summary>Everything an application may know of its own connection (RFC 5660 L6 to L9).</summary>
/// <param name="Authentication">Null while the latch is LARVAL.</param>
/// <param name="Parameters">What the latch binds; null while it is LARVAL.</param>
/// <param name="Narrow">A Child SA covers this flow alone.</param>
/// <param name="Outer">The SA it would use now; null when there is none.</param>
public sealed record ConnectionSnapshot(
    LatchSnapshot Latch, PeerAuthentication? Authentication, ChannelParameters? Parameters, bool Narrow, OuterSnapshot? Outer);

/// <summary>How protected packets travel.</summary>
/// <param name="Local">Our end as the peer is told of it; behind a NAT the private one.</param>
/// <param name="Remote">Where the peer's packets come from; behind a NAT the public one.</param>
/// <param name="Nat">Where a NAT is (RFC 5660 L8): <c>here</c>, <c>there</c>, <c>both</c>; null when there is none.</param>
/// <param name="PeerPrivateAddress">The peer's own address behind its NAT, as it says.</param>
public sealed record OuterSnapshot(InetEndpoint Local, InetEndpoint Remote, string Encapsulation, string? Nat, InetAddress? PeerPrivateAddress);

/// <summary>A peer that authenticated, with its IKE SAs and channels.</summary>
/// <param name="Trust">How it was let in: <c>known</c>, <c>pinned</c>, <c>first-use</c>, <c>anyone</c>, or <c>null</c>: it proved nothing.</param>
public sealed record PeerSnapshot(
    string Key, string? Name, string Trust, string Algorithm, ImmutableArray<InetAddress> Addresses, int IkeSas, int ChildSas, int Latches, TimeSpan LastHeard)
{
    /// <summary>When it must have proved itself anew under one of its IKE SAs, the first of them; null: never.</summary>
    public TimeSpan? ProofUntil { get; init; }
}

/// <summary>An IKE SA with its Child SAs.</summary>
/// <param name="Nat">Where a NAT is (RFC 5660 L8): <c>here</c>, <c>there</c>, <c>both</c>; null when there is none.</param>
/// <param name="PeerPrivateAddress">The peer's own address behind its NAT, as it named it; what others see is in <paramref name="Remote"/>.</param>
public sealed record IkeSaSnapshot(
    string Id, string State, bool Initiated, InetEndpoint Local, InetEndpoint Remote, string? Nat, InetAddress? PeerPrivateAddress, string? PeerKey, string? Suite,
    string SpiI, string SpiR, TimeSpan Since, ImmutableArray<ChildSaSnapshot> Children)
{
    /// <summary>When it ends unless the peer has proved itself anew; null: never for that.</summary>
    public TimeSpan? ProofUntil { get; init; }

    /// <summary>When the peer ends it unless this host has, as the peer told (RFC 4478); null: never for that.</summary>
    public TimeSpan? OwnProofUntil { get; init; }
}

public sealed record ChildSaSnapshot(
    string Id, uint Channel, uint InboundSpi, uint OutboundSpi, string Suite, string Selectors, string Encapsulation, TimeSpan Since);

/// <summary>The tunnel of a protect entry: where its ends are, and where else they may be (RFC 4555).</summary>
/// <param name="Ends">Where they are, or were last, or are at first.</param>
/// <param name="LocalElsewhere">Where else this host's end may be; empty, as <paramref name="RemoteElsewhere"/>, when it is tied to its address.</param>
/// <param name="PeerMoves">Whether the peer moves without negotiating anew; null while there is no IKE SA with it.</param>
public sealed record TunnelSnapshot(
    string Entry, AddressPair Ends, ImmutableArray<InetAddress> LocalElsewhere, ImmutableArray<InetPrefix> RemoteElsewhere, bool? PeerMoves)
{
    /// <summary>When its peer must have proved itself anew; null: never, or there is no IKE SA with it.</summary>
    public TimeSpan? ProofUntil { get; init; }
}

/// <summary>A flow that goes in clear for life (<c>clear = "until-ipsec"</c>).</summary>
/// <param name="Entry">The protect entry that allows it.</param>
public sealed record ClearFlowSnapshot(FlowKey Flow, string Entry, TimeSpan Since);

/// <summary>A key that is in use at an address now.</summary>
/// <param name="Key">The whole key, while an IKE SA with it stands.</param>
/// <param name="Latches">Latches tied to it there that conduct.</param>
public sealed record LiveKey(KeyFingerprint Fingerprint, PeerKey? Key, int Latches);
