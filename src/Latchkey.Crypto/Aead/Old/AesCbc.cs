using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>AES in cipher block chaining (RFC 3602). The text is a multiple of 16 octets; padding is the protocol's.</summary>
internal sealed class AesCbc : UnauthenticatedCipher
{
    public const int BlockLength = 16;

    private readonly Aes _aes = Aes.Create();

    public AesCbc(ReadOnlySpan<byte> key) => _aes.SetKey(key);

    /// <remarks>
    /// It must not be foreseen (RFC 3602 §3): the number is encrypted under the same key (NIST SP 800-38A, appendix C).
    /// </remarks>
    public override void WriteIv(ulong number, Span<byte> iv)
    {
        Span<byte> block = stackalloc byte[BlockLength];
        block.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(block[8..], number);
        _aes.EncryptEcb(block, iv, PaddingMode.None);
    }

    public override void Encrypt(ReadOnlySpan<byte> iv, Span<byte> text) => _aes.EncryptCbc(text, iv, text, PaddingMode.None);

    public override void Decrypt(ReadOnlySpan<byte> iv, Span<byte> text) => _aes.DecryptCbc(text, iv, text, PaddingMode.None);

    public override void Dispose() => _aes.Dispose();
}
