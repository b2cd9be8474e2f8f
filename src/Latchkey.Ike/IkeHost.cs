using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>
/// All IKE SAs of one host as a state machine without I/O: datagrams, commands and time go in, outputs come out.
/// Deterministic: no clock, no socket, no thread; randomness is injected.
/// </summary>
/// <remarks>
/// <c>now</c> is a monotonic time since an origin of the caller's choice, and never runs backwards.
/// After every call: drain <see cref="TryTakeOutput"/>, then look at <see cref="NextDeadline"/>.
/// </remarks>
public sealed class IkeHost : IDisposable
{
    public IkeHost(IkeSettings settings, SigningKey identity, IResponderPolicy policy, IRandomSource random) =>
        throw new NotSupportedException();

    /// <summary>When <see cref="HandleDeadline"/> wants to be called next, or null.</summary>
    public TimeSpan? NextDeadline => throw new NotSupportedException();

    /// <summary>Dropped datagrams by reason.</summary>
    public IReadOnlyDictionary<IkeDropReason, long> Drops => throw new NotSupportedException();

    /// <summary>Half-open IKE SAs as responder.</summary>
    public int HalfOpenCount => throw new NotSupportedException();

    /// <summary>Takes a datagram from port 500, or from port 4500 without its non-ESP marker. Never throws for what the bytes say.</summary>
    public void HandleDatagram(TimeSpan now, InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message) => throw new NotSupportedException();

    public void HandleDeadline(TimeSpan now) => throw new NotSupportedException();

    public bool TryTakeOutput([NotNullWhen(true)] out IkeOutput? output) => throw new NotSupportedException();

    /// <summary>Begins a new IKE SA and its first Child SA. Also asks "who is there" at an address.</summary>
    /// <param name="forceUdpEncapsulation">Pretend a NAT so that ESP travels in UDP.</param>
    /// <param name="initialContact">Send INITIAL_CONTACT: we hold no other IKE SA with whoever answers.</param>
    /// <param name="persistFor">Keep retransmitting IKE_SA_INIT at most this interval apart for this long; null: the usual schedule.</param>
    public (IkeSaHandle Sa, ChildRequestHandle Child) Initiate(
        TimeSpan now, InetAddress local, InetAddress remote, ChildProposal child, bool forceUdpEncapsulation, bool initialContact, Persistence? persistFor = null) => throw new NotSupportedException();

    /// <summary>Asks for a further Child SA under an established IKE SA; queued behind requests under way.</summary>
    public ChildRequestHandle CreateChild(TimeSpan now, IkeSaHandle sa, ChildProposal child) => throw new NotSupportedException();

    /// <summary>Replaces a Child SA; ignored when that is under way.</summary>
    public void RekeyChild(TimeSpan now, ChildSaHandle child) => throw new NotSupportedException();

    /// <summary>Replaces the keys of an IKE SA; ignored when that is under way.</summary>
    public void RekeyIkeSa(TimeSpan now, IkeSaHandle sa) => throw new NotSupportedException();

    /// <summary>Deletes a Child SA: gone at once on this side, the peer is told.</summary>
    public void DeleteChild(TimeSpan now, ChildSaHandle child, CloseReason reason, string text) => throw new NotSupportedException();

    /// <summary>Deletes an IKE SA and its Child SAs: gone at once on this side.</summary>
    /// <param name="tellPeer">Send a Delete (best effort); false when the peer is known to be gone (RFC 7296 §1.4.1).</param>
    public void DeleteIkeSa(TimeSpan now, IkeSaHandle sa, CloseReason reason, string text, bool tellPeer) => throw new NotSupportedException();

    /// <summary>
    /// Asks an established peer whether it lives: a fast train of one protected request (an empty INFORMATIONAL, or the
    /// request already outstanding), paced by the measured round trip. Ends in <see cref="ProbeAnswered"/> or
    /// <see cref="ProbeSilent"/>. Does nothing while a train runs.
    /// </summary>
    public void Probe(TimeSpan now, IkeSaHandle sa) => throw new NotSupportedException();

    /// <summary>Answers <see cref="AuthorizePeer"/>. Ignored when the IKE SA is gone by now.</summary>
    public void AnswerPeer(TimeSpan now, IkeSaHandle sa, PeerVerdict verdict) => throw new NotSupportedException();

    /// <summary>Answers <see cref="AuthorizeChild"/>. Ignored when the exchange is gone by now.</summary>
    public void AnswerChild(TimeSpan now, IkeSaHandle sa, uint question, ChildVerdict verdict) => throw new NotSupportedException();

    /// <summary>Tells a sender of ESP that its SPI is unknown here: unprotected INVALID_SPI, rate-limited (RFC 7296 §1.5).</summary>
    public void ComplainInvalidSpi(TimeSpan now, InetEndpoint local, InetEndpoint remote, uint spi) => throw new NotSupportedException();

    public void Dispose() => throw new NotSupportedException();
}

/// <summary>A patient schedule for an IKE_SA_INIT that waits for somebody to come up.</summary>
/// <param name="Interval">At most this long between sends.</param>
/// <param name="Duration">Give up after this long.</param>
public readonly record struct Persistence(TimeSpan Interval, TimeSpan Duration);
