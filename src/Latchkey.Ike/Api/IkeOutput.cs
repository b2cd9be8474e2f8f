using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>What the IKE core wants done or known. The order of outputs is the order of effects.</summary>
public abstract record IkeOutput
{
    private protected IkeOutput()
    {
    }
}

/// <summary>Send a message. On port 4500 the sender of datagrams adds the non-ESP marker (RFC 3948 §2.2).</summary>
public sealed record SendDatagram(InetEndpoint Local, InetEndpoint Remote, byte[] Message) : IkeOutput;

/// <summary>Send a NAT keepalive from port 4500: one octet that says nothing (RFC 3948 §2.3).</summary>
public sealed record SendKeepalive(InetEndpoint Local, InetEndpoint Remote) : IkeOutput;

/// <summary>
/// IKE came back from where an IKE_SA_INIT of ours went, and names its SPI, which nobody off the path can guess: whatever
/// it says, of whatever version it is and however late it comes, somebody there speaks IKE. Not authenticated; told once
/// for each exchange.
/// </summary>
public sealed record PeerAnswered(InetEndpoint Local, InetEndpoint Remote) : IkeOutput;

/// <summary>
/// A question: the peer proved possession of <paramref name="Key"/> in IKE_AUTH. The exchange waits for
/// <see cref="IkeHost.AnswerPeer"/>; the peer's retransmissions are absorbed meanwhile.
/// </summary>
/// <param name="Initiated">True when we began the IKE SA; then accepting completes it on our side.</param>
/// <param name="Id">What the peer asserted in its ID payload.</param>
/// <param name="InitialContact">The peer sent INITIAL_CONTACT (RFC 7296 §2.4).</param>
/// <param name="Birth">Which life of its host the peer speaks from; null when it shows no birth certificate.</param>
/// <param name="Began">When IKE_SA_INIT was answered; what was made since then, the peer may not have known of.</param>
/// <param name="Child">The Child SA of the same exchange; null when there is none (or, as initiator, when the peer refused it: a <see cref="ChildFailed"/> follows).</param>
public sealed record AuthorizePeer(
    IkeSaHandle Sa, bool Initiated, PeerKey Key, IkeIdentification Id, InetEndpoint Local, InetEndpoint Remote, bool InitialContact, BirthCertificate? Birth,
    TimeSpan Began, ChildOffer? Child) : IkeOutput
{
    /// <summary>What former keys of the peer said of their successors; nothing is verified yet.</summary>
    public ImmutableArray<KeyVoucher> Vouchers { get; init; } = [];
}

/// <summary>A question: a Child SA by CREATE_CHILD_SA waits for <see cref="IkeHost.AnswerChild"/>.</summary>
/// <param name="Question">Repeated in the answer.</param>
public sealed record AuthorizeChild(IkeSaHandle Sa, uint Question, ChildOffer Child) : IkeOutput;

/// <summary>Who began an IKE SA with us did not prove what it must; it was told AUTHENTICATION_FAILED and nothing remains. At most once a second for each address.</summary>
/// <param name="Text">What was expected and what came.</param>
public sealed record PeerUnproved(InetEndpoint Local, InetEndpoint Remote, string Text, Refusal Refusal) : IkeOutput;

/// <param name="Own">What we proved: our key, or a name.</param>
/// <param name="AuthDigest">
/// SHA-256 over what both ends signed (RFC 7296 §2.15): the same at both ends, and of this IKE SA alone. A rekey does not
/// change it, because nobody authenticates anew.
/// </param>
public sealed record IkeSaEstablished(
    IkeSaHandle Sa, bool Initiated, PeerKey Own, PeerKey Key, InetEndpoint Local, InetEndpoint Remote, NatSides Nat, IkeSuite Suite, ulong SpiI, ulong SpiR,
    ReadOnlyMemory<byte> AuthDigest) : IkeOutput;

/// <summary>The IKE SA was rekeyed: same handle, new keys, new SPIs.</summary>
public sealed record IkeSaRekeyed(IkeSaHandle Sa, IkeSuite Suite, ulong SpiI, ulong SpiR) : IkeOutput;

/// <summary>An IKE SA is gone, established or not; its Child SAs went before it, each with a <see cref="ChildClosed"/>.</summary>
public sealed record IkeSaClosed(IkeSaHandle Sa, CloseReason Reason, string Text) : IkeOutput
{
    /// <summary>Where the peer did not believe us.</summary>
    public Refusal? Refusal { get; init; }
}

/// <summary>
/// The time of the peer's proof is nearly over: another IKE SA with it is to be made, and this one deleted. Told several times, as
/// long as the IKE SA stands.
/// </summary>
public sealed record ReauthenticationDue(IkeSaHandle Sa) : IkeOutput;

/// <summary>The peer tells within which time it wants us to prove ourselves anew (AUTH_LIFETIME, RFC 4478). Of a peer that tells often not every word is said, but the last one is.</summary>
/// <param name="Taken">What it is taken for: no less than <see cref="IkeSettings.AuthenticationLifetimeMinimum"/>.</param>
public sealed record AuthLifetimeTold(IkeSaHandle Sa, TimeSpan Told, TimeSpan Taken) : IkeOutput;

/// <summary>A proof had its time, and there was no new one. The IKE SA closes right behind this output.</summary>
/// <param name="Ours">It was our proof, and the peer's time; else the peer's, and ours.</param>
public sealed record AuthenticationExpired(IkeSaHandle Sa, bool Ours) : IkeOutput;

/// <summary>A Child SA exists: install it now, before the datagrams that follow are sent.</summary>
/// <param name="Initiated">We began the exchange that made it, so the peer is ready to receive under it.</param>
/// <param name="InboundSpi">Chosen by us.</param>
/// <param name="OutboundSpi">Chosen by the peer.</param>
/// <param name="InboundKey">Owned by whoever takes this output.</param>
/// <param name="OutboundKey">Owned by whoever takes this output.</param>
/// <param name="Local">Our outer endpoint, the IKE SA's; with UDP encapsulation ESP uses it too.</param>
/// <param name="UdpEncapsulation">ESP travels in UDP.</param>
/// <param name="Translated">A NAT changes addresses on the way, so that checksums made over them fail (RFC 3948 §3.1.2).</param>
/// <param name="Tunnel">It is in tunnel mode.</param>
/// <param name="PeerInner">The peer's own address as its selectors name it; null when we asked for the Child SA.</param>
public sealed record ChildEstablished(
    ChildSaHandle Child, IkeSaHandle Sa, ChildRequestHandle? Request, bool Initiated, uint InboundSpi, uint OutboundSpi, EspSuite Suite, SelectorSet Selectors,
    SecretBytes InboundKey, SecretBytes OutboundKey, InetEndpoint Local, InetEndpoint Remote, bool UdpEncapsulation, bool Tunnel, bool Translated, InetAddress? PeerInner,
    ChildSaHandle? Rekeys) : IkeOutput;

/// <summary>
/// An IKE SA and its Child SAs, all of tunnel mode, go between other ends now (RFC 4555): the peer has proved that it answers
/// there. The inbound SAs are to be taken from the new end, and the outbound ones sent to it.
/// </summary>
/// <param name="FromLocal">Where ESP went until now.</param>
/// <param name="UdpEncapsulation">ESP travels in UDP from now on.</param>
public sealed record IkeSaMoved(
    IkeSaHandle Sa, InetEndpoint FromLocal, InetEndpoint FromRemote, InetEndpoint Local, InetEndpoint Remote, NatSides Nat, bool UdpEncapsulation) : IkeOutput;

/// <summary>An IKE SA was not moved: by us, or by the peer that we asked. It is where it was; when we had asked, its old end may be gone.</summary>
/// <param name="Asked">We wanted to move, and the peer did not let us.</param>
public sealed record MoveRefused(IkeSaHandle Sa, InetEndpoint Local, InetEndpoint Remote, bool Asked, string Text) : IkeOutput;

/// <summary>A Child SA we asked for will not come.</summary>
/// <param name="Rekeys">The Child SA it should have replaced; that one still lives.</param>
public sealed record ChildFailed(IkeSaHandle Sa, ChildRequestHandle Request, ChildSaHandle? Rekeys, CloseReason Reason, string Text) : IkeOutput
{
    /// <summary>Where one end refused the other for what it offered, selected or asserted; proposals have a <see cref="ProposalMismatch"/> of their own.</summary>
    public Refusal? Refusal { get; init; }
}

/// <summary>A Child SA is gone: remove it.</summary>
public sealed record ChildClosed(ChildSaHandle Child, IkeSaHandle Sa, uint InboundSpi, uint OutboundSpi, CloseReason Reason, string Text) : IkeOutput;

/// <summary>A protected request was answered: the peer lives. Emitted for every probe, and for others while a probe runs.</summary>
public sealed record ProbeAnswered(IkeSaHandle Sa, TimeSpan RoundTrip) : IkeOutput;

/// <summary>A probe train went unanswered. The request stays outstanding and the IKE SA alive.</summary>
public sealed record ProbeSilent(IkeSaHandle Sa, int Sent, TimeSpan Waited) : IkeOutput;

/// <summary>An unauthenticated statement that something is wrong: a hint, never a proof (RFC 7296 §2.4, invariant 3).</summary>
public sealed record HintReceived(IkeHint Hint, InetEndpoint Local, InetEndpoint Remote, uint Spi) : IkeOutput;

/// <summary>
/// A proof without an exchange: the peer has lost this IKE SA and showed the token it had given us for it (RFC 6290). The
/// SA closes right behind this output.
/// </summary>
/// <param name="From">Where the proof came from; it need not be the peer's address.</param>
public sealed record PeerForgotUs(IkeSaHandle Sa, InetEndpoint From) : IkeOutput;

/// <summary>A token for this IKE SA came that is not its peer's. Nothing changed; told at most once a second for one peer.</summary>
public sealed record CrashTokenRefused(IkeSaHandle Sa, InetEndpoint From) : IkeOutput;

/// <summary>Proposals do not meet: what was offered against what is configured, per transform type.</summary>
/// <param name="ByPeer">True when the peer offered and we refused, false when the peer refused our offer.</param>
/// <param name="Selectors">What the Child SA was to cover, from our point of view; null for an IKE SA.</param>
public sealed record ProposalMismatch(
    InetEndpoint Local, InetEndpoint Remote, bool ByPeer, string Protocol, Refusal Refusal, SelectorSet? Selectors = null) : IkeOutput;

/// <summary>Keys for a foreign dissector; only with <see cref="IkeSettings.ExportKeys"/>.</summary>
/// <param name="IkeKeys">For an IKE SA; null for a Child SA.</param>
/// <param name="Child">For a Child SA; null for an IKE SA.</param>
public sealed record KeysExported(IkeKeyExport? IkeKeys, ChildKeyExport? Child) : IkeOutput;

public sealed record IkeKeyExport(ulong SpiI, ulong SpiR, IkeSuite Suite, byte[] SkEi, byte[] SkEr);

public sealed record ChildKeyExport(uint InboundSpi, uint OutboundSpi, EspSuite Suite, byte[] InboundKey, byte[] OutboundKey);

public enum IkeHint
{
    /// <summary>Somebody at that address began an IKE_SA_INIT.</summary>
    NewcomerBegan,

    /// <summary>An unprotected INVALID_SPI came (RFC 7296 §1.5).</summary>
    InvalidSpi,

    /// <summary>An unprotected INVALID_IKE_SPI came.</summary>
    InvalidIkeSpi,
}
