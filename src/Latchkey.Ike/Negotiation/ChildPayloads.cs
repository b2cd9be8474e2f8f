using System.Buffers.Binary;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>The payloads that ask for a Child SA and that grant one (RFC 7296 §1.2, §1.3.1), written and read.</summary>
internal static class ChildPayloads
{
    /// <summary>SA, TSi, TSr and the notifies; in CREATE_CHILD_SA the nonce and key exchange go beside them.</summary>
    public static IEnumerable<IkePayload> Ask(EspNegotiation negotiation, uint inboundSpi, ChildProposal proposal) =>
        Compose(negotiation.Offer(inboundSpi), proposal.Selectors, proposal.Tunnel, ofInitiator: true);

    /// <param name="selectors">What we grant of what was asked.</param>
    public static IEnumerable<IkePayload> Grant(IkeSa sa, AskedChild asked, uint inboundSpi, SelectorSet selectors) =>
        Compose(new SaPayload([asked.Chosen with { Spi = SpiOctets(inboundSpi) }]), asked.View.ToPeers(sa, selectors), asked.Tunnel, ofInitiator: false);

    /// <summary>The refusal of what was asked, for its selectors.</summary>
    public static IReadOnlyList<IkePayload> Deny(IkeSa sa, AskedChild asked, ChildVerdict? verdict) =>
    [
        new NotifyPayload(NotifyType.TsUnacceptable),
        .. sa.PeerIsLatchkey && verdict is ChildVerdict.Refuse { Configured: { } configured } ? Telling.Of(asked.View.ToPeers(sa, configured), weInitiated: false) : [],
    ];

    /// <summary>Reads what a peer asks for; otherwise gives what to refuse it with.</summary>
    /// <param name="withKeyExchange"><see cref="EspNegotiation"/></param>
    /// <param name="rekeys">The Child SA that it is to replace, or null.</param>
    public static IReadOnlyList<IkePayload>? ReadAsked(
        HostContext context, IkeSa sa, PayloadSet payloads, bool withKeyExchange, ChildSa? rekeys, out AskedChild? asked)
    {
        asked = null;
        if (payloads.Sa is not { } offered || payloads.Selectors(ofInitiator: true) is not { } tsi || payloads.Selectors(ofInitiator: false) is not { } tsr)
        {
            return [new NotifyPayload(NotifyType.InvalidSyntax)];
        }

        var named = new SelectorSet(tsr.Selectors, tsi.Selectors);
        if (named.IsEmpty)
        {
            return [new NotifyPayload(NotifyType.TsUnacceptable)];
        }

        var tunnel = !payloads.Has(NotifyType.UseTransportMode);
        var view = tunnel ? PeersView.OfTunnel(sa) : PeersView.Of(sa, named);
        var selectors = view.ToOurs(sa, named);
        var (local, remote) = (sa.Local.Address, sa.Remote.Address);
        if (tunnel != context.Policy.WantsTunnel(local, remote, selectors))
        {
            // No notify says "not in this mode"; this one makes the peer look at its configuration.
            context.Emit(new ProposalMismatch(sa.Local, sa.Remote, ByPeer: true, "ESP", ModeRefusal.Of(tunnel), selectors));
            return [new NotifyPayload(NotifyType.NoProposalChosen)];
        }

        var latched = context.Policy.Latched(local, remote, selectors);
        var negotiation = new EspNegotiation(
            context.Settings, context.Policy.Encryption(local, remote, selectors), withKeyExchange, rekeys is null ? latched : [rekeys.Terms.Suite, .. latched]);
        if (!negotiation.TryChoose(offered, out var chosen, out var suite, out var peerSpi))
        {
            var configured = negotiation.Configured;
            context.Emit(new ProposalMismatch(sa.Local, sa.Remote, ByPeer: true, "ESP", ProposalRefusal.OfTheirs(offered, configured), selectors));
            return [new NotifyPayload(NotifyType.NoProposalChosen), .. sa.PeerIsLatchkey ? Telling.Of(configured) : []];
        }

        asked = new AskedChild(chosen, suite, peerSpi, selectors, tunnel, view);
        return null;
    }

    /// <summary>Reads what a peer granted.</summary>
    /// <param name="proposed">What we asked for: the peer may narrow it, not widen it.</param>
    public static GrantedChild ReadGranted(IkeSa sa, PayloadSet payloads, EspNegotiation negotiation, ChildProposal proposed)
    {
        if (payloads.Sa is not { } answer || payloads.Selectors(ofInitiator: true) is not { } tsi || payloads.Selectors(ofInitiator: false) is not { } tsr)
        {
            var error = payloads.Error?.Notify;
            return new GrantedChild.Failed(ReasonOf(error), error is { } type ? $"the peer answered {RegistryName.Of(type)}" : "the peer's answer lacks a payload", PeerHasIt: false)
            {
                Proposals = error == NotifyType.NoProposalChosen ? ProposalRefusal.OfOurs(negotiation.Configured, Telling.ReadProposals(payloads)) : null,
                Selectors = ReasonOf(error) == CloseReason.SelectorsUnacceptable ? SelectorRefusal.OfOurs(proposed.Selectors, Telling.ReadSelectors(payloads)) : null,
            };
        }

        if (!negotiation.TryReadAnswer(answer, out var suite, out var peerSpi))
        {
            return new GrantedChild.Failed(CloseReason.ProtocolError, "the peer chose what we did not offer", PeerHasIt: true);
        }

        var tunnel = !payloads.Has(NotifyType.UseTransportMode);
        if (tunnel != proposed.Tunnel)
        {
            return tunnel
                ? new GrantedChild.Failed(CloseReason.TransportModeRefused, "the peer wants tunnel mode", PeerHasIt: true) { Selectors = ModeRefusal.Of(tunnel) }
                : new GrantedChild.Failed(CloseReason.TunnelModeRefused, "the peer wants transport mode", PeerHasIt: true) { Selectors = ModeRefusal.Of(tunnel) };
        }

        // A peer may answer with the addresses that it sees, on its side of a NAT (RFC 7296 §2.23.1).
        var named = new SelectorSet(tsi.Selectors, tsr.Selectors);
        var selectors = named.IsEmpty || tunnel ? named : PeersView.Of(sa, named).ToOurs(sa, named);
        return !selectors.IsEmpty && Within(selectors, proposed.Selectors)
            ? new GrantedChild.Granted(suite, peerSpi, selectors)
            : new GrantedChild.Failed(CloseReason.SelectorsUnacceptable, $"the peer answered with selectors we did not propose: {selectors}", PeerHasIt: true)
            {
                Selectors = SelectorRefusal.OfTheirs(selectors, [proposed.Selectors]),
            };
    }

    public static byte[] SpiOctets(uint spi)
    {
        var octets = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(octets, spi);
        return octets;
    }

    private static CloseReason ReasonOf(NotifyType? refusal) => refusal switch
    {
        NotifyType.NoProposalChosen => CloseReason.NoProposalChosen,
        NotifyType.TsUnacceptable or NotifyType.SinglePairRequired or NotifyType.InvalidSelectors => CloseReason.SelectorsUnacceptable,
        NotifyType.AuthenticationFailed => CloseReason.RefusedByPeer,
        _ => CloseReason.ProtocolError,
    };

    private static bool Within(SelectorSet narrowed, SelectorSet proposed) =>
        narrowed.Local.All(n => proposed.Local.Any(p => p.Covers(n))) && narrowed.Remote.All(n => proposed.Remote.Any(p => p.Covers(n)));

    private static IEnumerable<IkePayload> Compose(SaPayload sa, SelectorSet selectors, bool tunnel, bool ofInitiator) =>
    [
        sa,
        new TrafficSelectorPayload(OfInitiator: true, ofInitiator ? selectors.Local : selectors.Remote),
        new TrafficSelectorPayload(OfInitiator: false, ofInitiator ? selectors.Remote : selectors.Local),
        .. tunnel ? Enumerable.Empty<IkePayload>() : [new NotifyPayload(NotifyType.UseTransportMode)],
        new NotifyPayload(NotifyType.EspTfcPaddingNotSupported),
    ];
}

/// <summary>What a peer asks for, as far as proposals go; the selectors await a verdict.</summary>
/// <param name="Selectors">From our point of view.</param>
/// <param name="View">How the peer names the addresses in them.</param>
internal sealed record AskedChild(Proposal Chosen, EspSuite Suite, uint PeerSpi, SelectorSet Selectors, bool Tunnel, PeersView View);

/// <summary>A peer's answer to our request for a Child SA.</summary>
internal abstract record GrantedChild
{
    private GrantedChild()
    {
    }

    public sealed record Granted(EspSuite Suite, uint PeerSpi, SelectorSet Selectors) : GrantedChild;

    /// <param name="PeerHasIt">The peer believes that the Child SA exists: it must be deleted.</param>
    public sealed record Failed(CloseReason Reason, string Text, bool PeerHasIt) : GrantedChild
    {
        /// <summary>The peer refuses our proposals.</summary>
        public Refusal? Proposals { get; init; }

        /// <summary>One refuses the other's selectors or mode.</summary>
        public Refusal? Selectors { get; init; }
    }
}
