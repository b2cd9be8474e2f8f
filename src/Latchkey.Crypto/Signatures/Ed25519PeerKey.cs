using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Latchkey.Crypto;

/// <summary>An Ed25519 public key (RFC 8032; in IKE RFC 8420).</summary>
internal sealed class Ed25519PeerKey : PeerKey
{
    public const string Oid = "1.3.101.112";

    private readonly byte[] _point;

    private Ed25519PeerKey(byte[] point)
        : base(Encode(point)) => _point = point;

    public override string Algorithm => "Ed25519";

    /// <summary>Makes the key from the parts of an SPKI (RFC 8410 §3, §4).</summary>
    public static bool TryCreate(ReadOnlySpan<byte> parameters, ReadOnlySpan<byte> point, [NotNullWhen(true)] out PeerKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (!parameters.IsEmpty)
        {
            error = "the AlgorithmIdentifier of an Ed25519 key must have no parameters";
            return false;
        }

        if (point.Length != Ed25519.PublicKeySize)
        {
            error = $"an Ed25519 public key has {Ed25519.PublicKeySize} octets, not {point.Length}";
            return false;
        }

        // Under a point of small order anybody can make signatures: such a key names nobody.
        if (!Ed25519.ValidatePublicKeyFull(point))
        {
            error = "the Ed25519 public key is not a point of the curve's prime-order group";
            return false;
        }

        key = new Ed25519PeerKey(point.ToArray());
        error = null;
        return true;
    }

    /// <summary>The public half of a private key: valid by construction.</summary>
    public static Ed25519PeerKey FromSeed(ReadOnlySpan<byte> seed)
    {
        var point = new byte[Ed25519.PublicKeySize];
        Ed25519.GeneratePublicKey(seed, point);
        return new Ed25519PeerKey(point);
    }

    public override bool Verify(ReadOnlySpan<byte> algorithmIdentifier, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        SignatureAlgorithm.Ed25519.NamedBy(algorithmIdentifier) is not null
        && signature.Length == Ed25519.SignatureSize
        && Ed25519.Verify(signature, _point, data);

    private static byte[] Encode(byte[] point)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oid);
            }

            writer.WriteBitString(point);
        }

        return writer.Encode();
    }
}
