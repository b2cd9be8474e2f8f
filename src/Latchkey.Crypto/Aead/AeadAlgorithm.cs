namespace Latchkey.Crypto;

/// <summary>
/// A cipher of transform type 1 (ENCR), as IKE (RFC 5282, 7634) and ESP (RFC 4106, 7634) use it: one of combined mode, or for old
/// peers one with an algorithm of transform type 3 (INTEG) behind it, which then protects what is encrypted.
/// </summary>
public abstract class AeadAlgorithm
{
    /// <summary>IANA transform id, for example 20 for AES-GCM with a 16-octet ICV.</summary>
    public abstract ushort TransformId { get; }

    /// <summary>Value of the Key Length attribute in bits, or null when the transform must not carry one.</summary>
    public abstract int? KeyLengthAttribute { get; }

    /// <summary>The field's name, for example <c>AES-GCM-16-256</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The name that configurations have for it, ours and those of other implementations, for example <c>aes256gcm16</c>.</summary>
    public virtual string Keyword => Name.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>Octets of key, without salt.</summary>
    public abstract int KeyLength { get; }

    /// <summary>Octets of salt, taken from the end of the keying material.</summary>
    public abstract int SaltLength { get; }

    /// <summary>IANA transform id of the integrity algorithm behind it; null: it is of combined mode.</summary>
    public virtual ushort? IntegrityId => null;

    /// <summary>Octets of the integrity algorithm's key, behind the salt in the keying material.</summary>
    public virtual int IntegrityKeyLength => 0;

    /// <summary>Octets of which a text must be a multiple.</summary>
    public virtual int BlockLength => 1;

    /// <summary>Octets of key, salt and integrity key together: what prf+ has to deliver.</summary>
    public int KeyMaterialLength => KeyLength + SaltLength + IntegrityKeyLength;

    /// <summary>Octets of explicit IV in each packet.</summary>
    public abstract int IvLength { get; }

    /// <summary>Octets of integrity check value.</summary>
    public abstract int IcvLength { get; }

    /// <summary>Makes a key from key and salt (<see cref="KeyMaterialLength"/> octets); the caller keeps its copy.</summary>
    /// <remarks>A key serves one thread at a time.</remarks>
    /// <exception cref="ArgumentException">The length is wrong.</exception>
    public virtual AeadKey CreateKey(ReadOnlySpan<byte> keyMaterial) => AeadBackend.Chosen.CreateKey(this, keyMaterial);

    public override string ToString() => Name;
}
