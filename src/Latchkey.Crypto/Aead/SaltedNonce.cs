using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>The nonce of one key: a salt that stays, and the explicit IV of each packet (RFC 4106 §4, RFC 4309 §4, RFC 7634 §2).</summary>
/// <remarks>One buffer, filled anew for each packet: this is why a key serves one thread at a time.</remarks>
internal sealed class SaltedNonce
{
    /// <summary>Octets of the explicit IV of every combined mode of ESP.</summary>
    private const int IvLength = sizeof(ulong);

    private readonly byte[] _nonce;

    public SaltedNonce(ReadOnlySpan<byte> salt)
    {
        _nonce = GC.AllocateArray<byte>(salt.Length + IvLength, pinned: true);
        salt.CopyTo(_nonce);
    }

    /// <exception cref="ArgumentException">The IV's length is wrong.</exception>
    public ReadOnlySpan<byte> For(ReadOnlySpan<byte> iv)
    {
        if (iv.Length != IvLength)
        {
            throw new ArgumentException($"the IV has {IvLength} octets, not {iv.Length}", nameof(iv));
        }

        MemoryMarshal.Write(_nonce.AsSpan(_nonce.Length - IvLength), MemoryMarshal.Read<ulong>(iv));
        return _nonce;
    }

    public void Clear() => CryptographicOperations.ZeroMemory(_nonce);
}
