using System.Diagnostics.CodeAnalysis;

namespace Latchkey.Crypto;

/// <summary>This host's private key.</summary>
public abstract class SigningKey : IDisposable
{
    public abstract PeerKey Public { get; }

    /// <summary>RFC 7427 hash identifiers this key can sign with, best first (RFC 8420: 5 is "Identity", for Ed25519).</summary>
    public abstract IReadOnlyList<ushort> HashAlgorithms { get; }

    /// <summary>Makes a new Ed25519 key: the default identity.</summary>
    public static SigningKey Generate(IRandomSource random) => PrivateKeyFile.GenerateEd25519(random);

    /// <summary>Reads an unencrypted PKCS #8 PEM file (Ed25519, ECDSA on P-256 and P-384, RSA).</summary>
    /// <param name="pem">The file's octets; the caller clears them. No text, which could not be cleared.</param>
    public static bool TryReadPem(ReadOnlySpan<byte> pem, [NotNullWhen(true)] out SigningKey? key, [NotNullWhen(false)] out string? error) =>
        PrivateKeyFile.TryRead(pem, out key, out error);

    /// <summary>The key as a PKCS #8 PEM file; the caller guards and disposes it.</summary>
    public abstract SecretBytes ToPem();

    /// <summary>Signs for the AUTH payload (RFC 7427).</summary>
    /// <param name="peerHashes">What the peer said in SIGNATURE_HASH_ALGORITHMS.</param>
    /// <returns>False when none of the peer's hashes suits this key.</returns>
    public abstract bool TrySign(IReadOnlyCollection<ushort> peerHashes, ReadOnlySpan<byte> data, [NotNullWhen(true)] out byte[]? algorithmIdentifier, [NotNullWhen(true)] out byte[]? signature);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
