using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>AES in counter mode (RFC 3686). The counter block is nonce, IV, and a block number that begins at 1.</summary>
/// <remarks>The .NET library has AES without this mode: what is encrypted are the counter blocks.</remarks>
internal sealed class AesCtr : UnauthenticatedCipher
{
    public const int NonceLength = 4;
    public const int IvLength = 8;

    private const int BlocksAtOnce = 128;

    private readonly AesBlocks _aes;
    private readonly byte[] _block = new byte[AesBlocks.BlockLength];
    private readonly byte[] _stream = GC.AllocateUninitializedArray<byte>(BlocksAtOnce * AesBlocks.BlockLength, pinned: true);

    public AesCtr(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce)
    {
        _aes = new AesBlocks(key, CipherMode.ECB, encrypts: true);
        nonce.CopyTo(_block);
    }

    public override void WriteIv(ulong number, Span<byte> iv) => BinaryPrimitives.WriteUInt64BigEndian(iv, number);

    public override void Encrypt(ReadOnlySpan<byte> iv, Span<byte> text)
    {
        iv.CopyTo(_block.AsSpan(NonceLength));
        for (uint number = 1; !text.IsEmpty; number += BlocksAtOnce)
        {
            var piece = text[..Math.Min(text.Length, _stream.Length)];
            var stream = _stream.AsSpan(0, (piece.Length + AesBlocks.BlockLength - 1) & -AesBlocks.BlockLength);
            WriteCounters(stream, number);
            _aes.Transform(stream);
            AesBlocks.Xor(piece, stream);
            text = text[piece.Length..];
        }
    }

    public override void Decrypt(ReadOnlySpan<byte> iv, Span<byte> text) => Encrypt(iv, text);

    public override void Dispose()
    {
        _aes.Dispose();
        CryptographicOperations.ZeroMemory(_block);
        CryptographicOperations.ZeroMemory(_stream);
    }

    private void WriteCounters(Span<byte> blocks, uint number)
    {
        for (; !blocks.IsEmpty; blocks = blocks[AesBlocks.BlockLength..])
        {
            BinaryPrimitives.WriteUInt32BigEndian(_block.AsSpan(NonceLength + IvLength), number++);
            _block.CopyTo(blocks);
        }
    }
}
