using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>One key of an <see cref="HmacSha2"/>.</summary>
internal sealed class HmacIcv(HmacSha2 algorithm, ReadOnlySpan<byte> key) : IDisposable
{
    /// <summary>The associated data of ESP with 64-bit sequence numbers: SPI, high half, low half (RFC 4106 §5).</summary>
    private const int EspWithEsn = 12;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHMAC(algorithm.Hash, key);

    public int Length => algorithm.IcvLength;

    /// <param name="icv">Gets <see cref="Length"/> octets.</param>
    /// <remarks>
    /// Without a combined mode the high half of a sequence number stands behind the text (RFC 4303 §2.8, §3.3.2.1). No IKE message
    /// has associated data as short as that.
    /// </remarks>
    public void Compute(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> text, Span<byte> icv)
    {
        var esn = associatedData.Length == EspWithEsn;
        _hash.AppendData(esn ? associatedData[..4] : associatedData);
        _hash.AppendData(esn ? associatedData[8..] : default);
        _hash.AppendData(iv);
        _hash.AppendData(text);
        _hash.AppendData(esn ? associatedData[4..8] : default);
        Span<byte> whole = stackalloc byte[64];
        var written = _hash.GetHashAndReset(whole);
        whole[..Length].CopyTo(icv);
        CryptographicOperations.ZeroMemory(whole[..written]);
    }

    public void Dispose() => _hash.Dispose();
}
