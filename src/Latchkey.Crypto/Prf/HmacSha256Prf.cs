using System.Security.Cryptography;

namespace Latchkey.Crypto;

// Pseudo-random functions of the product (RFC 4868). The preferred key length is the length of the output.
//
//   id  name                output and preferred key
//    5  PRF_HMAC_SHA2_256   32
//    6  PRF_HMAC_SHA2_384   48
//    7  PRF_HMAC_SHA2_512   64

/// <summary>PRF_HMAC_SHA2_256 (RFC 4868).</summary>
internal sealed class HmacSha256Prf : PrfAlgorithm
{
    public override ushort TransformId => 5;

    public override string Name => "HMAC-SHA2-256";

    public override string Keyword => "prfsha256";

    public override int OutputLength => HMACSHA256.HashSizeInBytes;

    public override void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> output)
    {
        ThrowIfWrongLength(output);
        HMACSHA256.HashData(key, data, output);
    }
}
