using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>What a Child SA is asked to cover.</summary>
/// <remarks>A peer that wants the other mode, or falls back to it, is refused: policy says which (RFC 7296 §1.3.1).</remarks>
/// <param name="Encryption">What policy allows for it, best first; empty: what <see cref="IkeSettings.EspProposals"/> has.</param>
/// <param name="Latched">Suites that are offered before all others: those of latches that it is to carry.</param>
/// <param name="Tunnel">In tunnel mode: the selectors speak of inner addresses. Otherwise in transport mode.</param>
public sealed record ChildProposal(SelectorSet Selectors, ImmutableArray<AeadAlgorithm> Encryption, ImmutableArray<EspSuite> Latched, bool Tunnel = false)
{
    /// <summary>With whatever the settings have.</summary>
    public ChildProposal(SelectorSet selectors)
        : this(selectors, [], [])
    {
    }
}

/// <summary>A Child SA that a peer proposes, or that a peer agreed to; nothing is installed yet.</summary>
/// <param name="Selectors">From our point of view: as the responder what the peer offers, as the initiator what it agreed to.</param>
/// <param name="Rekeys">The Child SA it replaces, or null.</param>
/// <param name="Request">Our own request that led here, or null when the peer asked.</param>
/// <param name="Tunnel"><see cref="ChildProposal.Tunnel"/></param>
public sealed record ChildOffer(SelectorSet Selectors, EspSuite Suite, bool Tunnel, ChildSaHandle? Rekeys, ChildRequestHandle? Request);

/// <summary>The engine's answer to a <see cref="ChildOffer"/>.</summary>
public abstract record ChildVerdict
{
    private ChildVerdict()
    {
    }

    /// <summary>
    /// Accept, with selectors narrowed to these (RFC 7296 §2.9). As the initiator we can no longer tell the peer: what lies
    /// outside them is neither sent nor accepted.
    /// </summary>
    public sealed record Accept(SelectorSet Selectors) : ChildVerdict;

    /// <summary>Refuse with TS_UNACCEPTABLE (responder) or delete at once (initiator).</summary>
    public sealed record Refuse(string Reason) : ChildVerdict
    {
        /// <summary>What would have been accepted, for a peer that understands it; null: nothing that may be told.</summary>
        public SelectorSet? Configured { get; init; }
    }
}

/// <summary>The engine's answer to an authenticated peer.</summary>
public abstract record PeerVerdict
{
    private PeerVerdict()
    {
    }

    /// <summary>Accept the peer; <paramref name="Child"/> answers the Child SA of the same exchange, null when there is none.</summary>
    public sealed record Accept(ChildVerdict? Child) : PeerVerdict;

    /// <summary>Refuse the peer: AUTHENTICATION_FAILED; nothing remains.</summary>
    public sealed record Refuse(string Reason) : PeerVerdict;
}
