using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>What the IKE core asks before it spends anything on a stranger; answered at once, from policy alone.</summary>
public interface IResponderPolicy
{
    /// <summary>False: no policy entry concerns these addresses, the IKE_SA_INIT request is dropped and counted.</summary>
    bool MayRespond(InetAddress local, InetAddress remote);

    /// <summary>True: pretend a NAT so that ESP travels in UDP (RFC 7296 §2.23).</summary>
    bool ForceUdpEncapsulation(InetAddress local, InetAddress remote);

    /// <summary>
    /// What a Child SA that a peer asks for may be encrypted with, best first; empty: whatever <see cref="IkeSettings.EspProposals"/>
    /// has. The verdict on the Child SA itself comes later.
    /// </summary>
    ImmutableArray<AeadAlgorithm> Encryption(InetAddress local, InetAddress remote, SelectorSet selectors);

    /// <summary>The suites of living latches that a Child SA with these selectors would carry: one of them is chosen, if it is offered.</summary>
    ImmutableArray<EspSuite> Latched(InetAddress local, InetAddress remote, SelectorSet selectors);

    /// <summary>Whether a Child SA between these addresses for these selectors is to be in tunnel mode.</summary>
    bool WantsTunnel(InetAddress local, InetAddress remote, SelectorSet selectors);

    /// <summary>Why an IKE SA must not be moved to these addresses, as its peer wants; null: it may (RFC 4555 §3.5).</summary>
    string? ObjectionToMove(IkeSaHandle sa, InetAddress local, InetAddress remote);

    /// <summary>Where else than at <paramref name="local"/> a peer may reach this end of a tunnel that moves (RFC 4555 §3.4).</summary>
    IReadOnlyCollection<InetAddress> OtherAddresses(InetAddress local, InetAddress remote);

    /// <summary>How whoever has an address must prove itself, and we to it; null: by bare public keys, whichever they are.</summary>
    PeerCredentials? CredentialsOf(InetAddress remote);
}
