using System.Diagnostics.CodeAnalysis;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Latchkey.Crypto;

/// <summary>An Ed25519 private key: the default identity of a host.</summary>
internal sealed class Ed25519SigningKey : SigningKey
{
    private readonly SecretBytes _seed;

    /// <param name="seed">32 octets (RFC 8032 §5.1.5); taken over.</param>
    public Ed25519SigningKey(SecretBytes seed)
    {
        _seed = seed;
        Public = Ed25519PeerKey.FromSeed(seed.Span);
    }

    public override PeerKey Public { get; }

    public override IReadOnlyList<ushort> HashAlgorithms { get; } = [.. SignatureAlgorithm.Ed25519.Select(a => a.HashId)];

    public override bool TrySign(IReadOnlyCollection<ushort> peerHashes, ReadOnlySpan<byte> data, [NotNullWhen(true)] out byte[]? algorithmIdentifier, [NotNullWhen(true)] out byte[]? signature)
    {
        if (SignatureAlgorithm.Ed25519.FirstKnownTo(peerHashes) is not { } algorithm)
        {
            (algorithmIdentifier, signature) = (null, null);
            return false;
        }

        algorithmIdentifier = algorithm.Identifier;
        signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(_seed.Span, data, signature);
        return true;
    }

    public override SecretBytes ToPem() => PrivateKeyFile.WriteEd25519(_seed.Span);

    protected override void Dispose(bool disposing) => _seed.Dispose();
}
