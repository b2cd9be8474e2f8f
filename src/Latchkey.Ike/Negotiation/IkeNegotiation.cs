using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Offers and chooses proposals for IKE SAs (RFC 7296 §2.7, §3.3).</summary>
internal static class IkeNegotiation
{
    public static SaPayload Offer(ImmutableArray<IkeProposal> configured, byte[] spi) =>
        new([.. configured.Select((proposal, i) => new Proposal((byte)(i + 1), IkeProtocol.Ike, spi, Transforms(proposal)))]);

    /// <summary>Chooses as the responder: our first proposal that one of the peer's meets, and in it our first transforms.</summary>
    public static bool TryChoose(
        SaPayload offered, ImmutableArray<IkeProposal> configured, [NotNullWhen(true)] out Proposal? chosen, [NotNullWhen(true)] out IkeSuite? suite)
    {
        foreach (var ours in configured)
        {
            foreach (var theirs in offered.Proposals)
            {
                if (theirs.Protocol == IkeProtocol.Ike && TryMeet(theirs, ours, out suite, out var transforms))
                {
                    chosen = theirs with { Transforms = transforms };
                    return true;
                }
            }
        }

        chosen = null;
        suite = null;
        return false;
    }

    /// <summary>Reads the answer to our offer: one proposal, one transform of each type, all of them offered.</summary>
    public static bool TryReadAnswer(SaPayload answer, ImmutableArray<IkeProposal> configured, [NotNullWhen(true)] out IkeSuite? suite)
    {
        suite = null;
        return answer.Proposals is [var only]
            && only.Protocol == IkeProtocol.Ike
            && only.Number >= 1 && only.Number <= configured.Length
            && TryMeet(only, configured[only.Number - 1], out suite, out var transforms)
            && transforms.Length == only.Transforms.Length;
    }

    private static bool TryMeet(Proposal theirs, IkeProposal ours, [NotNullWhen(true)] out IkeSuite? suite, out ImmutableArray<Transform> transforms)
    {
        suite = null;
        var match = new TransformMatch(theirs);
        if (match.Choose(TransformType.Encryption, ours.Encryption, a => Transform.Of(TransformType.Encryption, a.TransformId, a.KeyLengthAttribute)) is { } encryption
            && match.HasIntegrityFor(encryption)
            && match.Choose(TransformType.Prf, ours.Prf, p => Transform.Of(TransformType.Prf, p.TransformId)) is { } prf
            && match.Choose(TransformType.KeyExchange, ours.KeyExchange, k => Transform.Of(TransformType.KeyExchange, k.TransformId)) is { } keyExchange
            && MeetsAdditional(match, ours, out var additional) && match.RestIsNone())
        {
            suite = new IkeSuite(encryption, prf, keyExchange) { Additional = additional };
        }

        transforms = match.Chosen;
        return suite is not null;
    }

    private static bool MeetsAdditional(TransformMatch match, IkeProposal ours, out KeyExchangeMethod? additional)
    {
        additional = match.Choose(TransformType.AdditionalKeyExchange1, ours.AdditionalKeyExchange, k => Transform.Of(TransformType.AdditionalKeyExchange1, k.TransformId));
        return additional is not null || ours.AdditionalKeyExchange.IsEmpty;
    }

    private static ImmutableArray<Transform> Transforms(IkeProposal proposal) =>
    [
        .. proposal.Encryption.Select(a => Transform.Of(TransformType.Encryption, a.TransformId, a.KeyLengthAttribute)),
        .. proposal.Encryption.Select(a => a.IntegrityId).OfType<ushort>().Select(id => Transform.Of(TransformType.Integrity, id)),
        .. proposal.Prf.Select(p => Transform.Of(TransformType.Prf, p.TransformId)),
        .. proposal.KeyExchange.Select(k => Transform.Of(TransformType.KeyExchange, k.TransformId)),
        .. proposal.AdditionalKeyExchange.Select(k => Transform.Of(TransformType.AdditionalKeyExchange1, k.TransformId)),
    ];
}
