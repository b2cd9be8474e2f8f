using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Seals and opens the messages of one generation of an IKE SA with its AEAD (RFC 7296 §3.14, RFC 5282).</summary>
internal sealed class MessageCipher(AeadAlgorithm algorithm, SecretBytes sealKey, SecretBytes openKey) : IDisposable
{
    private readonly AeadKey _seal = algorithm.CreateKey(sealKey.Span);
    private readonly AeadKey _open = algorithm.CreateKey(openKey.Span);

    // A counter never repeats, and needs no randomness (RFC 5282 §3.1).
    private ulong _lastIv;

    public byte[] Seal(IkeHeader header, IReadOnlyList<IkePayload> payloads)
    {
        var inner = new IkeWriter();
        PayloadChain.Write(inner, payloads);
        inner.U8(0); // pad length: an AEAD needs no padding
        var text = inner.ToArray();
        var body = algorithm.IvLength + text.Length + algorithm.IcvLength;

        var writer = new IkeWriter();
        (header with { NextPayload = PayloadType.Encrypted }).Write(writer);
        writer.U8((byte)PayloadChain.FirstOf(payloads));
        writer.U8(0);
        writer.U16(checked((ushort)(PayloadChain.GenericHeader + body)));
        var ivAt = writer.Length;
        writer.Zeros(algorithm.IvLength);
        writer.Octets(text);
        writer.Zeros(algorithm.IcvLength);
        writer.PatchU32(24, writer.Length);

        var message = writer.ToArray();
        var iv = message.AsSpan(ivAt, algorithm.IvLength);
        BinaryPrimitives.WriteUInt64BigEndian(iv[^8..], ++_lastIv);
        _seal.Encrypt(iv, message.AsSpan(0, ivAt), message.AsSpan(ivAt + iv.Length, text.Length), message.AsSpan(message.Length - algorithm.IcvLength));
        return message;
    }

    /// <summary>Verifies and decrypts; false when the octets are too few, the check value is wrong or the padding is.</summary>
    public bool TryOpen(ReadOnlySpan<byte> message, EncryptedPayload encrypted, [NotNullWhen(true)] out byte[]? inner)
    {
        inner = null;
        var body = encrypted.Body.AsSpan();
        var textLength = body.Length - algorithm.IvLength - algorithm.IcvLength;
        if (textLength < 1)
        {
            return false;
        }

        var text = body.Slice(algorithm.IvLength, textLength).ToArray();
        if (!_open.TryDecrypt(body[..algorithm.IvLength], message[..encrypted.Offset], text, body[^algorithm.IcvLength..]))
        {
            return false;
        }

        var padding = text[^1] + 1;
        if (padding > text.Length)
        {
            return false;
        }

        inner = text[..^padding];
        return true;
    }

    public void Dispose()
    {
        _seal.Dispose();
        _open.Dispose();
    }
}
