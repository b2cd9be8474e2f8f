using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>A cipher with an ICV over what it encrypted: verified before anything is decrypted (RFC 4303 §3.4.4, RFC 7296 §3.14).</summary>
internal sealed class EncryptThenMacKey(UnauthenticatedCipher cipher, HmacIcv mac, int ivLength, int blockLength) : AeadKey
{
    public override void WriteIv(ulong number, Span<byte> iv) => cipher.WriteIv(number, iv);

    public override void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> icv)
    {
        ThrowIfWrongLength(iv, icv);
        plaintext.CopyTo(ciphertext);
        cipher.Encrypt(iv, ciphertext);
        mac.Compute(associatedData, iv, ciphertext, icv);
    }

    public override bool TryDecrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, ReadOnlySpan<byte> icv)
    {
        ThrowIfWrongLength(iv, icv);
        Span<byte> expected = stackalloc byte[mac.Length];
        mac.Compute(associatedData, iv, text, expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, icv) || text.Length % blockLength != 0)
        {
            return false;
        }

        cipher.Decrypt(iv, text);
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        cipher.Dispose();
        mac.Dispose();
    }

    private void ThrowIfWrongLength(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> icv)
    {
        if (iv.Length != ivLength)
        {
            throw new ArgumentException($"an IV has {ivLength} octets, not {iv.Length}", nameof(iv));
        }

        if (icv.Length != mac.Length)
        {
            throw new ArgumentException($"an ICV has {mac.Length} octets, not {icv.Length}", nameof(icv));
        }
    }
}
