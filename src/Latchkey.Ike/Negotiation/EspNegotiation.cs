using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Offers and chooses proposals for Child SAs (RFC 7296 §2.7, §3.3).</summary>
/// <param name="encryption">What policy allows, best first, old ciphers among it; empty: what the settings have.</param>
/// <param name="withKeyExchange">False in IKE_AUTH, where a Child SA has no key exchange of its own (RFC 7296 §1.2).</param>
/// <param name="held">What latches hold or the replaced Child SA has. It goes before all that is better, because with anything else
/// the new Child SA is no replacement for theirs (RFC 5660 C1, C4); its key exchange does not count.</param>
internal sealed class EspNegotiation(IkeSettings settings, ImmutableArray<AeadAlgorithm> encryption, bool withKeyExchange, ImmutableArray<EspSuite> held)
{
    private const ushort EsnYes = 1;
    private const ushort EsnNo = 0;

    private readonly ImmutableArray<Choice> _proposals = Order(settings, Usable(settings, encryption, withKeyExchange), held);

    /// <param name="Esn">What may be chosen of it, best first.</param>
    private sealed record Choice(ImmutableArray<AeadAlgorithm> Encryption, ImmutableArray<KeyExchangeMethod> KeyExchange, ImmutableArray<ushort> Esn);

    /// <summary>The method to guess for the KE payload, or null when none is wanted: that of the IKE SA, which is known to suit both.</summary>
    public KeyExchangeMethod? GuessKeyExchange(KeyExchangeMethod ofIkeSa) =>
        !withKeyExchange ? null : FindKeyExchange(ofIkeSa.TransformId) ?? _proposals.SelectMany(p => p.KeyExchange).FirstOrDefault();

    public KeyExchangeMethod? FindKeyExchange(ushort method) =>
        _proposals.SelectMany(p => p.KeyExchange).FirstOrDefault(k => k.TransformId == method);

    public SaPayload Offer(uint spi)
    {
        var octets = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(octets, spi);
        return new([.. _proposals.Select((proposal, i) => new Proposal((byte)(i + 1), IkeProtocol.Esp, octets, Transforms(proposal)))]);
    }

    /// <summary>Chooses as the responder; <paramref name="peerSpi"/> is the peer's inbound SPI.</summary>
    public bool TryChoose(
        SaPayload offered, [NotNullWhen(true)] out Proposal? chosen, [NotNullWhen(true)] out EspSuite? suite, out uint peerSpi)
    {
        foreach (var ours in _proposals)
        {
            foreach (var theirs in offered.Proposals)
            {
                if (TryReadSpi(theirs, out peerSpi) && TryMeet(theirs, ours, out suite, out var transforms))
                {
                    chosen = theirs with { Transforms = transforms };
                    return true;
                }
            }
        }

        chosen = null;
        suite = null;
        peerSpi = 0;
        return false;
    }

    /// <summary>Reads the answer to our offer: one proposal, one transform of each type, all of them offered.</summary>
    public bool TryReadAnswer(SaPayload answer, [NotNullWhen(true)] out EspSuite? suite, out uint peerSpi)
    {
        suite = null;
        peerSpi = 0;
        return answer.Proposals is [var only]
            && only.Number >= 1 && only.Number <= _proposals.Length
            && TryReadSpi(only, out peerSpi)
            && TryMeet(only, _proposals[only.Number - 1], out suite, out var transforms)
            && transforms.Length == only.Transforms.Length;
    }

    /// <summary>What is configured, in the form of an offer that nobody makes.</summary>
    public SaPayload Configured => Offer(0);

    private static ImmutableArray<EspProposal> Usable(IkeSettings settings, ImmutableArray<AeadAlgorithm> encryption, bool withKeyExchange)
    {
        ImmutableArray<EspProposal> allowed =
            [.. settings.EspProposals.SelectMany(p => CipherGroups.Of(encryption.IsEmpty ? p.Encryption : encryption).Select(group => p with { Encryption = group }))];

        // Proposals that differ in their key exchanges only are one where there is none.
        return withKeyExchange ? allowed : [.. allowed.Where((p, i) => !allowed.Take(i).Any(before => before.Encryption.SequenceEqual(p.Encryption)))];
    }

    private static ImmutableArray<Choice> Order(IkeSettings settings, ImmutableArray<EspProposal> usable, ImmutableArray<EspSuite> held) =>
    [
        .. held.Where(suite => settings.Esn || !suite.Esn).DistinctBy(suite => (suite.Encryption, suite.Esn)).SelectMany(
            suite => usable.Where(p => p.Encryption.Contains(suite.Encryption)).Select(p => new Choice([suite.Encryption], p.KeyExchange, [suite.Esn ? EsnYes : EsnNo]))),
        .. usable.Select(p => new Choice(p.Encryption, p.KeyExchange, settings.Esn ? [EsnYes, EsnNo] : [EsnNo])),
    ];

    private static bool TryReadSpi(Proposal proposal, out uint spi)
    {
        spi = proposal.Protocol == IkeProtocol.Esp && proposal.Spi.Length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(proposal.Spi) : 0;
        return spi >= 256;
    }

    private bool TryMeet(Proposal theirs, Choice ours, [NotNullWhen(true)] out EspSuite? suite, out ImmutableArray<Transform> transforms)
    {
        suite = null;
        var match = new TransformMatch(theirs);
        var encryption = match.Choose(TransformType.Encryption, ours.Encryption, a => Transform.Of(TransformType.Encryption, a.TransformId, a.KeyLengthAttribute));
        var esn = match.Choose(TransformType.ExtendedSequenceNumbers, ours.Esn.Select(EsnTransform), e => e);
        var keyExchange = WantsKeyExchange(ours)
            ? match.Choose(TransformType.KeyExchange, ours.KeyExchange, k => Transform.Of(TransformType.KeyExchange, k.TransformId))
            : null;
        if (encryption is not null && match.HasIntegrityFor(encryption) && esn is not null && (keyExchange is not null || !WantsKeyExchange(ours)) && match.RestIsNone())
        {
            suite = new EspSuite(encryption, esn.Id == EsnYes, keyExchange);
        }

        transforms = match.Chosen;
        return suite is not null;
    }

    private static Transform EsnTransform(ushort esn) => Transform.Of(TransformType.ExtendedSequenceNumbers, esn);

    private bool WantsKeyExchange(Choice proposal) => withKeyExchange && !proposal.KeyExchange.IsEmpty;

    private ImmutableArray<Transform> Transforms(Choice proposal) =>
    [
        .. proposal.Encryption.Select(a => Transform.Of(TransformType.Encryption, a.TransformId, a.KeyLengthAttribute)),
        .. proposal.Encryption.Select(a => a.IntegrityId).OfType<ushort>().Select(id => Transform.Of(TransformType.Integrity, id)),
        .. WantsKeyExchange(proposal) ? proposal.KeyExchange.Select(k => Transform.Of(TransformType.KeyExchange, k.TransformId)) : [],
        .. proposal.Esn.Select(EsnTransform),
    ];
}
