using System.Security.Cryptography;

namespace Latchkey.Crypto;

// Pseudo-random functions of the product (RFC 4868). The preferred key length is the length of the output.
//
//   id  name                output and preferred key
//    5  PRF_HMAC_SHA2_256   32
//    6  PRF_HMAC_SHA2_384   48
//    7  PRF_HMAC_SHA2_512   64

/// <summary>PRF_HMAC_SHA2_256, _384 or _512.</summary>
internal sealed class HmacSha2Prf(ushort transformId, HashAlgorithmName hash, int bits) : PrfAlgorithm
{
    public override ushort TransformId => transformId;

    public override string Name { get; } = $"HMAC-SHA2-{bits}";

    public override string Keyword { get; } = $"prfsha{bits}";

    public override int OutputLength => bits / 8;

    public override void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> output)
    {
        if (output.Length != OutputLength)
        {
            throw new ArgumentException($"{Name} gives {OutputLength} octets, not {output.Length}", nameof(output));
        }

        CryptographicOperations.HmacData(hash, key, data, output);
    }
}
