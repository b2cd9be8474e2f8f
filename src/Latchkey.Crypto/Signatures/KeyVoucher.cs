using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Latchkey.Crypto;

/// <summary>
/// A statement signed by an old key: this new key is my successor. Whoever trusts the old key may trust the new one
/// (docs/key-vouchers.md gives the octets).
/// </summary>
public sealed class KeyVoucher
{
    /// <summary>How many generations a chain may span, and how many vouchers are looked at: a bound on work for strangers.</summary>
    public const int ChainMaximum = 4;

    private const byte Version = 1;

    private readonly byte[] _statement;
    private readonly byte[] _algorithm;
    private readonly byte[] _signature;

    private KeyVoucher(PeerKey old, KeyFingerprint successor, long made, byte[] algorithm, byte[] signature)
    {
        Old = old;
        New = successor;
        Made = made;
        _statement = Statement(old.Fingerprint, successor, made);
        _algorithm = algorithm;
        _signature = signature;
    }

    /// <summary>The key that vouches.</summary>
    public PeerKey Old { get; }

    /// <summary>The key it vouches for.</summary>
    public KeyFingerprint New { get; }

    /// <summary>When, in seconds since 1970 UTC, by the clock of who signed. For people; nothing is decided by it.</summary>
    public long Made { get; }

    /// <param name="made">Seconds since 1970, UTC.</param>
    public static KeyVoucher Sign(SigningKey old, KeyFingerprint successor, long made)
    {
        ArgumentNullException.ThrowIfNull(old);
        return old.TrySign([.. old.HashAlgorithms], Statement(old.Public.Fingerprint, successor, made), out var algorithm, out var signature)
            ? new(old.Public, successor, made, algorithm, signature)
            : throw new InvalidOperationException("a key can sign with its own hash algorithms");
    }

    /// <summary>Reads one voucher; says nothing about its signature.</summary>
    public static bool TryRead(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out KeyVoucher? voucher)
    {
        voucher = null;
        if (octets.Length < 1 || octets[0] != Version || !TryTake(ref octets, skip: 1, out var spki) || octets.Length < 40)
        {
            return false;
        }

        var successor = new KeyFingerprint(octets[..32]);
        var made = BinaryPrimitives.ReadInt64BigEndian(octets[32..]);
        if (made < 0 || !TryTake(ref octets, skip: 40, out var algorithm) || !TryTake(ref octets, skip: 0, out var signature) || octets.Length != 0
            || !PeerKey.TryRead(spki, out var old, out _))
        {
            return false;
        }

        voucher = new(old, successor, made, algorithm.ToArray(), signature.ToArray());
        return true;
    }

    public byte[] ToBytes()
    {
        var spki = Old.SubjectPublicKeyInfo;
        var octets = new byte[1 + 2 + spki.Length + 32 + 8 + 2 + _algorithm.Length + 2 + _signature.Length];
        octets[0] = Version;
        var rest = Put(octets.AsSpan(1), spki);
        New.ToBytes().CopyTo(rest);
        BinaryPrimitives.WriteInt64BigEndian(rest[32..], Made);
        Put(Put(rest[40..], _algorithm), _signature);
        return octets;
    }

    /// <summary>The old key did sign this.</summary>
    public bool Verify() => Old.Verify(_algorithm, _statement, _signature);

    /// <summary>Whether vouchers lead from a key that is trusted, each signature checked, to another one.</summary>
    /// <param name="vouchers">In any order; at most <see cref="ChainMaximum"/> signatures are verified.</param>
    public static bool Leads(KeyFingerprint trusted, KeyFingerprint to, IReadOnlyCollection<KeyVoucher> vouchers)
    {
        ArgumentNullException.ThrowIfNull(vouchers);
        for (var generation = 0; generation < ChainMaximum && trusted != to; generation++)
        {
            if (vouchers.FirstOrDefault(v => v.Old.Fingerprint == trusted) is not { } next || !next.Verify())
            {
                return false;
            }

            trusted = next.New;
        }

        return trusted == to;
    }

    // The words at the front tell this from what the key signs in AUTH: that begins with the two SPIs of an IKE SA, of which
    // the signer chooses one at random, so nobody can make it sign these words there.
    private static byte[] Statement(KeyFingerprint old, KeyFingerprint successor, long made)
    {
        var time = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(time, made);
        return [.. "Latchkey key voucher 1\0"u8, .. old.ToBytes(), .. successor.ToBytes(), .. time];
    }

    /// <summary>Two octets of length, then the octets.</summary>
    private static Span<byte> Put(Span<byte> to, ReadOnlySpan<byte> octets)
    {
        BinaryPrimitives.WriteUInt16BigEndian(to, checked((ushort)octets.Length));
        octets.CopyTo(to[2..]);
        return to[(2 + octets.Length)..];
    }

    private static bool TryTake(ref ReadOnlySpan<byte> from, int skip, out ReadOnlySpan<byte> octets)
    {
        octets = default;
        if (from.Length < skip + 2)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(from[skip..]);
        if (from.Length < skip + 2 + length)
        {
            return false;
        }

        octets = from.Slice(skip + 2, length);
        from = from[(skip + 2 + length)..];
        return true;
    }
}
