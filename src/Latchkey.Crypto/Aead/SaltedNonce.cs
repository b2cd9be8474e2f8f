using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>The nonce of one key: a salt that stays, and the explicit IV of each packet (RFC 4106 §4, RFC 7634 §2).</summary>
/// <remarks>One buffer, filled anew for each packet: this is why a key serves one thread at a time.</remarks>
internal sealed class SaltedNonce
{
    private readonly byte[] _nonce;
    private readonly int _saltLength;

    public SaltedNonce(ReadOnlySpan<byte> salt, int ivLength)
    {
        _saltLength = salt.Length;
        _nonce = GC.AllocateArray<byte>(salt.Length + ivLength, pinned: true);
        salt.CopyTo(_nonce);
    }

    /// <exception cref="ArgumentException">The IV's length is wrong.</exception>
    public ReadOnlySpan<byte> For(ReadOnlySpan<byte> iv)
    {
        if (iv.Length != _nonce.Length - _saltLength)
        {
            throw new ArgumentException($"the IV has {_nonce.Length - _saltLength} octets, not {iv.Length}", nameof(iv));
        }

        iv.CopyTo(_nonce.AsSpan(_saltLength));
        return _nonce;
    }

    public void Clear() => CryptographicOperations.ZeroMemory(_nonce);
}
