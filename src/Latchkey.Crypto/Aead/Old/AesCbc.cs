using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>AES in cipher block chaining (RFC 3602). The text is a multiple of 16 octets; padding is the protocol's.</summary>
/// <remarks>
/// The library chains from packet to packet, and what a packet is chained to is XORed into its first block. So what it would be
/// chained to is taken out there again, and the IV put in.
/// </remarks>
internal sealed class AesCbc(ReadOnlySpan<byte> key) : UnauthenticatedCipher
{
    public const int BlockLength = AesBlocks.BlockLength;

    private readonly AesBlocks _encryptor = new(key, CipherMode.CBC, encrypts: true);
    private readonly AesBlocks _decryptor = new(key, CipherMode.CBC, encrypts: false);
    private readonly byte[] _lastSealed = new byte[BlockLength];
    private readonly byte[] _lastOpened = new byte[BlockLength];

    /// <remarks>
    /// It must not be foreseen (RFC 3602 §3): the number is encrypted under the same key (NIST SP 800-38A, appendix C).
    /// </remarks>
    public override void WriteIv(ulong number, Span<byte> iv)
    {
        iv[..^sizeof(ulong)].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(iv[^sizeof(ulong)..], number);
        Encrypt(stackalloc byte[BlockLength], iv);
    }

    public override void Encrypt(ReadOnlySpan<byte> iv, Span<byte> text)
    {
        if (text.IsEmpty)
        {
            return;
        }

        Rechain(text, _lastSealed, iv);
        _encryptor.Transform(text);
        text[^BlockLength..].CopyTo(_lastSealed);
    }

    public override void Decrypt(ReadOnlySpan<byte> iv, Span<byte> text)
    {
        if (text.IsEmpty)
        {
            return;
        }

        Span<byte> last = stackalloc byte[BlockLength];
        text[^BlockLength..].CopyTo(last);
        _decryptor.Transform(text);
        Rechain(text, _lastOpened, iv);
        last.CopyTo(_lastOpened);
    }

    public override void Dispose()
    {
        _encryptor.Dispose();
        _decryptor.Dispose();
    }

    private static void Rechain(Span<byte> text, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        AesBlocks.Xor(text[..BlockLength], from);
        AesBlocks.Xor(text[..BlockLength], to);
    }
}
