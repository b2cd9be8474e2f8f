using System.Numerics;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>One direction of AES in the .NET library, which goes on from call to call. Nothing is allocated once it is made.</summary>
/// <remarks>The library's own methods for a whole message make an object of each; a transform of it lives on, but takes arrays.</remarks>
internal sealed class AesBlocks : IDisposable
{
    public const int BlockLength = 16;

    private readonly ICryptoTransform _transform;
    private readonly byte[] _piece = GC.AllocateUninitializedArray<byte>(2048, pinned: true);

    public AesBlocks(ReadOnlySpan<byte> key, CipherMode mode, bool encrypts)
    {
        using var aes = Aes.Create();
        (aes.Mode, aes.Padding) = (mode, PaddingMode.None);
        var octets = key.ToArray();
        try
        {
            var zero = new byte[BlockLength];
            _transform = encrypts ? aes.CreateEncryptor(octets, zero) : aes.CreateDecryptor(octets, zero);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(octets);
        }
    }

    /// <param name="text">Whole blocks; in place.</param>
    public void Transform(Span<byte> text)
    {
        while (!text.IsEmpty)
        {
            var piece = text[..Math.Min(text.Length, _piece.Length)];
            piece.CopyTo(_piece);
            _transform.TransformBlock(_piece, 0, piece.Length, _piece, 0);
            _piece.AsSpan(0, piece.Length).CopyTo(piece);
            text = text[piece.Length..];
        }
    }

    public void Dispose()
    {
        _transform.Dispose();
        CryptographicOperations.ZeroMemory(_piece);
    }

    /// <param name="with">At least as long.</param>
    public static void Xor(Span<byte> text, ReadOnlySpan<byte> with)
    {
        var i = 0;
        for (; i <= text.Length - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            (new Vector<byte>(text[i..]) ^ new Vector<byte>(with[i..])).CopyTo(text[i..]);
        }

        for (; i < text.Length; i++)
        {
            text[i] ^= with[i];
        }
    }
}
