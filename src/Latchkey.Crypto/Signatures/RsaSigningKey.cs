using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>An RSA private key; it signs with RSASSA-PSS.</summary>
/// <remarks>The library draws the salt itself, so two signatures over the same octets differ.</remarks>
internal sealed class RsaSigningKey : SigningKey
{
    private readonly RSA _key;

    private RsaSigningKey(RSA key, PeerKey publicKey)
    {
        _key = key;
        Public = publicKey;
    }

    public override PeerKey Public { get; }

    public override IReadOnlyList<ushort> HashAlgorithms { get; } = [.. SignatureAlgorithm.RsaPss.Select(a => a.HashId)];

    /// <param name="rsa">Taken over; disposed when its size does not suit.</param>
    public static bool TryCreate(RSA rsa, [NotNullWhen(true)] out SigningKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        var numbers = rsa.ExportParameters(includePrivateParameters: false);
        if (!RsaPeerKey.TryCreate(Number(numbers.Modulus), Number(numbers.Exponent), out var publicKey, out error))
        {
            rsa.Dispose();
            return false;
        }

        key = new RsaSigningKey(rsa, publicKey);
        return true;
    }

    public override bool TrySign(IReadOnlyCollection<ushort> peerHashes, ReadOnlySpan<byte> data, [NotNullWhen(true)] out byte[]? algorithmIdentifier, [NotNullWhen(true)] out byte[]? signature)
    {
        if (SignatureAlgorithm.RsaPss.FirstKnownTo(peerHashes) is not { } algorithm)
        {
            (algorithmIdentifier, signature) = (null, null);
            return false;
        }

        algorithmIdentifier = algorithm.Identifier;
        signature = _key.SignData(data, algorithm.Hash, RSASignaturePadding.Pss);
        return true;
    }

    public override SecretBytes ToPem() => PrivateKeyFile.Write(_key);

    protected override void Dispose(bool disposing) => _key.Dispose();

    private static BigInteger Number(byte[]? octets) => new(octets, isUnsigned: true, isBigEndian: true);
}
