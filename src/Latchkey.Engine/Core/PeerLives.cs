using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// In which life each peer was last met, by its birth certificate. Kept for a key between two addresses, like everything
/// else that is known of a peer, and as long as an IKE SA or a latch of that key is there.
/// </summary>
internal sealed class PeerLives
{
    private readonly Dictionary<(AddressPair Pair, KeyFingerprint Key), PeerLife> _known = [];

    /// <summary>Compares a certificate with what is known, and remembers it when it is the first or tells of a later life.</summary>
    public Life Meet(AddressPair pair, KeyFingerprint key, BirthCertificate? shown)
    {
        if (shown is null)
        {
            return Life.Unknown;
        }

        var birth = LifeOf(shown.Value);
        if (!_known.TryGetValue((pair, key), out var known))
        {
            _known.Add((pair, key), birth);
            return Life.Unknown;
        }

        if (birth == known)
        {
            return Life.Same;
        }

        // A number that does not grow was said before the one we know, or by somebody who has lost count: it proves nothing.
        if (birth.Number <= known.Number || birth.Digest == known.Digest)
        {
            return Life.Contradiction;
        }

        _known[(pair, key)] = birth;
        return Life.Later;
    }

    /// <summary>A restart was concluded from something else: the count begins anew with what the peer showed, if anything.</summary>
    public void Restart(AddressPair pair, KeyFingerprint key, BirthCertificate? shown)
    {
        Forget(pair, key);
        Meet(pair, key, shown);
    }

    /// <summary>What an earlier daemon wrote down; of several lives the last counts.</summary>
    public void Remember(AddressPair pair, KeyFingerprint key, PeerLife life)
    {
        if (!_known.TryGetValue((pair, key), out var known) || known.Number < life.Number)
        {
            _known[(pair, key)] = life;
        }
    }

    public static PeerLife LifeOf(BirthCertificate birth) => new(birth.Number, birth.Digest);

    public void Forget(AddressPair pair, KeyFingerprint key) => _known.Remove((pair, key));
}

/// <summary>What a birth certificate says of the peer, compared with the one before.</summary>
internal enum Life
{
    /// <summary>No certificate, or nothing to compare it with.</summary>
    Unknown,

    /// <summary>The host has run on, and remembers its latches.</summary>
    Same,

    /// <summary>The host has restarted since.</summary>
    Later,

    /// <summary>It cannot be true together with the one before.</summary>
    Contradiction,
}
