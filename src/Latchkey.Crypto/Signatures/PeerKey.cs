using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>A peer's public key: the PUBLICKEY identity of RFC 5386 §2, and what verifies its AUTH payload (RFC 7427).</summary>
/// <remarks>Two keys are equal when their SubjectPublicKeyInfo octets are.</remarks>
public abstract class PeerKey : IEquatable<PeerKey>
{
    private readonly byte[] _spki;

    protected PeerKey(ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        _spki = subjectPublicKeyInfo.ToArray();
        Fingerprint = new KeyFingerprint(SHA256.HashData(_spki));
    }

    /// <summary>DER SubjectPublicKeyInfo, as in a raw public key CERT payload (RFC 7670).</summary>
    public ReadOnlySpan<byte> SubjectPublicKeyInfo => _spki;

    public KeyFingerprint Fingerprint { get; }

    /// <summary>For example <c>Ed25519</c>, <c>ECDSA P-256</c>, <c>RSA-3072</c>.</summary>
    public abstract string Algorithm { get; }

    /// <summary>How whoever has this identity proves it: "digital signature" for a key.</summary>
    public virtual string ProvedBy => "digital signature";

    /// <summary>Whoever has it proved nothing (RFC 7619): nothing can be latched to it.</summary>
    public virtual bool ProvesNothing => false;

    /// <summary>Reads what an own record kept of an identity: a key, or a <see cref="ProvenName"/>.</summary>
    public static bool TryRestore(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out PeerKey? key)
    {
        var restored = ProvenName.TryRestore(octets, out var name);
        key = name;
        return restored || TryRead(octets, out key, out _);
    }

    /// <summary>Reads Ed25519, ECDSA (P-256, P-384) and RSA (2048 to 8192 bits) keys.</summary>
    public static bool TryRead(ReadOnlySpan<byte> subjectPublicKeyInfo, [NotNullWhen(true)] out PeerKey? key, [NotNullWhen(false)] out string? error) =>
        PublicKeyReader.TryRead(subjectPublicKeyInfo, out key, out error);

    /// <summary>Reads a PEM block "PUBLIC KEY", as openssl writes it.</summary>
    public static bool TryReadPem(string pem, [NotNullWhen(true)] out PeerKey? key, [NotNullWhen(false)] out string? error)
    {
        if (PemEncoding.TryFind(pem, out var fields) && pem[fields.Label] == "PUBLIC KEY")
        {
            return TryRead(Convert.FromBase64String(pem[fields.Base64Data]), out key, out error);
        }

        (key, error) = (null, "there is no PEM block \"PUBLIC KEY\" in it");
        return false;
    }

    /// <summary>Verifies an RFC 7427 signature.</summary>
    /// <param name="algorithmIdentifier">The DER AlgorithmIdentifier from the AUTH payload; must suit this key.</param>
    public abstract bool Verify(ReadOnlySpan<byte> algorithmIdentifier, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature);

    public bool Equals(PeerKey? other) => other is not null && _spki.AsSpan().SequenceEqual(other._spki);

    public override bool Equals(object? obj) => Equals(obj as PeerKey);

    public override int GetHashCode() => Fingerprint.GetHashCode();

    public override string ToString() => Fingerprint.ToString();
}
