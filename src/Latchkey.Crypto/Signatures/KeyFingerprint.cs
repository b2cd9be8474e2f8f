namespace Latchkey.Crypto;

/// <summary>SHA-256 over the DER SubjectPublicKeyInfo of a public key: how a PUBLICKEY identity is named.</summary>
/// <remarks>Written <c>SHA256:</c> and unpadded base64, the form SSH users know.</remarks>
public readonly record struct KeyFingerprint
{
    private readonly UInt128 _high;
    private readonly UInt128 _low;

    /// <exception cref="ArgumentException">Not 32 octets.</exception>
    public KeyFingerprint(ReadOnlySpan<byte> sha256)
    {
        if (sha256.Length != 32)
        {
            throw new ArgumentException($"a SHA-256 fingerprint has 32 octets, not {sha256.Length}", nameof(sha256));
        }

        _high = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(sha256);
        _low = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(sha256[16..]);
    }

    /// <summary>Parses <c>SHA256:</c> followed by 43 base64 digits.</summary>
    public static bool TryParse(string? text, out KeyFingerprint fingerprint)
    {
        fingerprint = default;
        const string Prefix = "SHA256:";
        Span<byte> bytes = stackalloc byte[33];
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal) || text.Length != Prefix.Length + 43
            || !Convert.TryFromBase64String(string.Concat(text.AsSpan(Prefix.Length), "="), bytes, out var written) || written != 32)
        {
            return false;
        }

        fingerprint = new KeyFingerprint(bytes[..32]);
        // The last digit carries two unused bits; one key has one spelling.
        return fingerprint.ToString() == text;
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[32];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, _high);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(16), _low);
        return bytes;
    }

    public override string ToString() => "SHA256:" + Convert.ToBase64String(ToBytes()).TrimEnd('=');
}
