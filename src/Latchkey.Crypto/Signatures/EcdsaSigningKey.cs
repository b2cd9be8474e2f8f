using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>An ECDSA private key on P-256 or P-384.</summary>
/// <remarks>The library draws the number used once itself, so two signatures over the same octets differ.</remarks>
internal sealed class EcdsaSigningKey : SigningKey
{
    private readonly ECDsa _key;
    private readonly EcdsaCurve _curve;

    /// <param name="key">Taken over.</param>
    public EcdsaSigningKey(EcdsaCurve curve, ECDsa key)
    {
        (_curve, _key) = (curve, key);
        Public = new EcdsaPeerKey(curve, key.ExportParameters(includePrivateParameters: false).Q);
    }

    public override PeerKey Public { get; }

    public override IReadOnlyList<ushort> HashAlgorithms => [.. _curve.Ways.Select(a => a.HashId)];

    public override bool TrySign(IReadOnlyCollection<ushort> peerHashes, ReadOnlySpan<byte> data, [NotNullWhen(true)] out byte[]? algorithmIdentifier, [NotNullWhen(true)] out byte[]? signature)
    {
        if (_curve.Ways.FirstKnownTo(peerHashes) is not { } algorithm)
        {
            (algorithmIdentifier, signature) = (null, null);
            return false;
        }

        algorithmIdentifier = algorithm.Identifier;
        signature = _key.SignData(data, algorithm.Hash, DSASignatureFormat.Rfc3279DerSequence);
        return true;
    }

    public override SecretBytes ToPem() => PrivateKeyFile.Write(_key);

    protected override void Dispose(bool disposing) => _key.Dispose();
}
