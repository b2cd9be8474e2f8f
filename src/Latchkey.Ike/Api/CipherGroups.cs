using System.Collections.Immutable;
using Latchkey.Crypto;

namespace Latchkey.Ike;

/// <summary>
/// Which ciphers may stand in one proposal (RFC 7296 §3.3): those of combined mode together; one with an integrity algorithm behind
/// it alone, because every cipher of a proposal goes with every integrity algorithm of it.
/// </summary>
public static class CipherGroups
{
    /// <param name="ciphers">Best first; so are the groups.</param>
    public static IEnumerable<ImmutableArray<AeadAlgorithm>> Of(ImmutableArray<AeadAlgorithm> ciphers) =>
        ciphers.GroupBy(cipher => cipher.IntegrityId is null ? null : cipher).Select(group => group.ToImmutableArray());
}
