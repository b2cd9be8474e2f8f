using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>NO_PROPOSAL_CHOSEN, explained in the words of configurations: ours, and swanctl.conf for other implementations.</summary>
internal static class ProposalRefusal
{
    /// <summary>We refuse what a peer offered.</summary>
    public static Refusal OfTheirs(SaPayload offered, SaPayload configured) => new(
        TransformDifferences.Of(offered, configured), [.. Here(offered, configured), $"at the peer: let it offer {Words(configured)}"]);

    /// <summary>A peer refuses what we offered.</summary>
    /// <param name="configured">What the peer says that it is configured with; null: it does not tell.</param>
    public static Refusal OfOurs(SaPayload offered, SaPayload? configured) => configured is null
        ? new(TransformDifferences.Of(offered), [$"at the peer, whose log says what it refuses: let it accept {Words(offered)}"])
        : new(TransformDifferences.Of(offered, configured), [.. Here(configured, offered), $"at the peer: let it accept {Words(offered)}"]);

    /// <summary>A peer wants another key exchange than those we offered.</summary>
    public static Refusal OfKeyExchange(SaPayload offered, string wanted) => new(
        [.. TransformDifferences.Of(offered).Where(d => d.What == TransformDifferences.KeyExchange).Select(d => d with { Configured = [wanted] })],
        [$"at the peer: let it accept {Words(offered)}"]);

    /// <summary>The lines with which we would have what the other end has.</summary>
    private static IEnumerable<string> Here(SaPayload theirs, SaPayload ours) => TransformDifferences.Failed(theirs, ours).Select(type => Here(type, theirs, ours)).OfType<string>().Distinct();

    private static string? Here(TransformType type, SaPayload theirs, SaPayload ours) => type switch
    {
        TransformType.Encryption or TransformType.Integrity when Keywords(theirs, TransformType.Encryption) is [_, ..] addable =>
            $"here, in {(IsEsp(ours) ? "the [[protect]] of these flows: esp" : "[ike]: ike")} = {List(addable, Keywords(ours, TransformType.Encryption))}{Caution(ours)}",
        TransformType.KeyExchange when Keywords(theirs, type) is [_, ..] addable => $"here, in [ike]: key_exchange = {List(addable, Keywords(ours, type))}{Caution(ours)}",
        TransformType.ExtendedSequenceNumbers => "here, in [ike]: esn = true",
        _ => null,
    };

    private static string List(ImmutableArray<string> first, ImmutableArray<string> others) => $"[{string.Join(", ", first.Concat(others).Distinct().Select(word => $"\"{word}\""))}]";

    /// <summary>IKE_SA_INIT is not protected when it is refused: anybody on the path can say what the peer has.</summary>
    private static string Caution(SaPayload ours) => IsEsp(ours) ? "" : " (this came unprotected: ask the people of that host first)";

    /// <summary>The best of what a side has, for example <c>aes256gcm16-prfsha512-x25519 (strongSwan: proposals = …)</c>.</summary>
    private static string Words(SaPayload offer)
    {
        var words = string.Join('-', new[] { TransformType.Encryption, TransformType.Prf, TransformType.KeyExchange }.Select(type => Keywords(offer, type).FirstOrDefault()).OfType<string>());
        return IsEsp(offer)
            ? $"{words} for ESP (Latchkey: esp = [\"{Keywords(offer, TransformType.Encryption).FirstOrDefault()}\"]; strongSwan: esp_proposals = {words})"
            : $"{words} for IKE (strongSwan: proposals = {words})";
    }

    private static bool IsEsp(SaPayload offer) => offer.Proposals.Any(p => p.Protocol == IkeProtocol.Esp);

    /// <summary>Of what is offered, that which this host has.</summary>
    private static ImmutableArray<string> Keywords(SaPayload offer, TransformType type) => type == TransformType.Encryption
        ? [.. Algorithms.Aeads.Concat(Algorithms.OldCiphers).Where(cipher => offer.Proposals.Any(p => Has(p, cipher))).Select(cipher => cipher.Keyword)]
        : [.. offer.Proposals.SelectMany(p => p.Transforms).Where(t => t.Type == type).Select(Keyword).OfType<string>().Distinct()];

    private static bool Has(Proposal proposal, AeadAlgorithm cipher) =>
        proposal.Transforms.Any(t => t.Type == TransformType.Encryption && t.Id == cipher.TransformId && t.KeyLength == cipher.KeyLengthAttribute)
        && (cipher.IntegrityId is not { } id || proposal.Transforms.Any(t => t.Type == TransformType.Integrity && t.Id == id));

    private static string? Keyword(Transform transform) => transform.Type switch
    {
        TransformType.Prf => Algorithms.FindPrf(transform.Id)?.Keyword,
        TransformType.KeyExchange => Algorithms.FindKeyExchange(transform.Id)?.Keyword,
        _ => null,
    };
}
