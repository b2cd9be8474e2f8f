using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Chooses one transform of each type out of a peer's proposal (RFC 7296 §3.3.6).</summary>
internal sealed class TransformMatch(Proposal offered)
{
    /// <summary>The transform "none", which integrity, key exchange and later types share.</summary>
    private const ushort None = 0;

    private readonly List<Transform> _chosen = [];

    public ImmutableArray<Transform> Chosen => [.. _chosen];

    /// <summary>Our best algorithm among those offered, or null.</summary>
    public T? Choose<T>(TransformType type, IEnumerable<T> ours, Func<T, Transform> transformOf)
        where T : class
    {
        foreach (var algorithm in ours)
        {
            var wanted = transformOf(algorithm);
            if (offered.Transforms.FirstOrDefault(t => t.Type == type && t.Id == wanted.Id && t.KeyLength == wanted.KeyLength && !t.HasUnknownAttributes) is { } transform)
            {
                _chosen.Add(transform);
                return algorithm;
            }
        }

        return null;
    }

    /// <summary>The integrity algorithm that goes with a cipher; a combined mode needs none.</summary>
    public bool HasIntegrityFor(AeadAlgorithm cipher) =>
        cipher.IntegrityId is not { } id || Choose(TransformType.Integrity, [cipher], _ => Transform.Of(TransformType.Integrity, id)) is not null;

    /// <summary>
    /// Every other type in the proposal (integrity beside an AEAD, additional key exchanges) must offer "none", and is
    /// answered with it: each type that was offered appears in the answer.
    /// </summary>
    public bool RestIsNone()
    {
        foreach (var type in offered.Transforms.Select(t => t.Type).Distinct().Except(_chosen.Select(t => t.Type)).ToList())
        {
            if (offered.Transforms.FirstOrDefault(t => t.Type == type && t.Id == None && !t.HasUnknownAttributes) is not { } none)
            {
                return false;
            }

            _chosen.Add(none);
        }

        return true;
    }
}
