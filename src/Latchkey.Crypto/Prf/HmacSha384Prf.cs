using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>PRF_HMAC_SHA2_384 (RFC 4868).</summary>
internal sealed class HmacSha384Prf : PrfAlgorithm
{
    public override ushort TransformId => 6;

    public override string Name => "HMAC-SHA2-384";

    public override string Keyword => "prfsha384";

    public override int OutputLength => HMACSHA384.HashSizeInBytes;

    public override void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> output)
    {
        ThrowIfWrongLength(output);
        HMACSHA384.HashData(key, data, output);
    }
}
