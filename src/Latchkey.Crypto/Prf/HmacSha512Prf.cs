using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>PRF_HMAC_SHA2_512 (RFC 4868).</summary>
internal sealed class HmacSha512Prf : PrfAlgorithm
{
    public override ushort TransformId => 7;

    public override string Name => "HMAC-SHA2-512";

    public override string Keyword => "prfsha512";

    public override int OutputLength => HMACSHA512.HashSizeInBytes;

    public override void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> output)
    {
        ThrowIfWrongLength(output);
        HMACSHA512.HashData(key, data, output);
    }
}
