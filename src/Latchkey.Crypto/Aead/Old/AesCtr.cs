using System.Buffers.Binary;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace Latchkey.Crypto;

/// <summary>AES in counter mode (RFC 3686). The counter block is nonce, IV, and a block number that begins at 1.</summary>
internal sealed class AesCtr(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce) : UnauthenticatedCipher
{
    public const int NonceLength = 4;
    public const int IvLength = 8;

    private readonly BufferedBlockCipher _cipher = new(new SicBlockCipher(AesUtilities.CreateEngine()));
    private readonly KeyParameter _key = new(key);
    private readonly byte[] _block = [.. nonce, .. new byte[IvLength], 0, 0, 0, 1];

    public override void WriteIv(ulong number, Span<byte> iv) => BinaryPrimitives.WriteUInt64BigEndian(iv, number);

    public override void Encrypt(ReadOnlySpan<byte> iv, Span<byte> text)
    {
        iv.CopyTo(_block.AsSpan(NonceLength));
        _cipher.Init(forEncryption: true, new ParametersWithIV(_key, _block));
        var done = _cipher.ProcessBytes(text, text);
        _cipher.DoFinal(text[done..]);
    }

    public override void Decrypt(ReadOnlySpan<byte> iv, Span<byte> text) => Encrypt(iv, text);

    // The library keeps the expanded key in arrays of its own; all that can be done is to let go of them.
    public override void Dispose() => _block.AsSpan().Clear();
}
