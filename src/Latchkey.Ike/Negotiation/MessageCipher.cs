using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Seals and opens the messages of one generation of an IKE SA with its cipher (RFC 7296 §3.14, RFC 5282).</summary>
internal sealed class MessageCipher(AeadAlgorithm algorithm, SecretBytes sealKey, SecretBytes openKey) : IDisposable
{
    /// <summary>Octets of the field that says how much padding stands before it.</summary>
    private const int PadLength = 1;

    private readonly AeadKey _seal = algorithm.CreateKey(sealKey.Span);
    private readonly AeadKey _open = algorithm.CreateKey(openKey.Span);

    // A counter never repeats, and needs no randomness (RFC 5282 §3.1).
    private ulong _lastIv;

    /// <param name="longest">The longest datagram; null: the message stays in one, however long it is.</param>
    /// <returns>The message, or its fragments in their order (RFC 7383 §2.5).</returns>
    public IReadOnlyList<byte[]> Seal(IkeHeader header, IReadOnlyList<IkePayload> payloads, int? longest)
    {
        var inner = new IkeWriter();
        PayloadChain.Write(inner, payloads);
        var text = inner.ToArray();
        var first = PayloadChain.FirstOf(payloads);
        var overhead = IkeHeader.Size + PayloadChain.GenericHeader + algorithm.IvLength + (algorithm.BlockLength - 1) + PadLength + algorithm.IcvLength;
        if (longest is not { } limit || overhead + text.Length <= limit)
        {
            return [Seal(header, first, null, text)];
        }

        var pieces = text.Chunk(limit - overhead - FragmentNumber.Size).ToList();
        return [.. pieces.Select((piece, i) => Seal(
            header, i == 0 ? first : PayloadType.NoNextPayload, new FragmentNumber((ushort)(i + 1), checked((ushort)pieces.Count)), piece))];
    }

    /// <summary>Verifies and decrypts; false when the octets are too few, the check value is wrong or the padding is.</summary>
    public bool TryOpen(ReadOnlySpan<byte> message, EncryptedPayload encrypted, [NotNullWhen(true)] out byte[]? inner)
    {
        inner = null;
        var body = encrypted.Body.AsSpan();
        var textLength = body.Length - algorithm.IvLength - algorithm.IcvLength;
        if (textLength < PadLength || textLength % algorithm.BlockLength != 0)
        {
            return false;
        }

        var text = body.Slice(algorithm.IvLength, textLength).ToArray();
        if (!_open.TryDecrypt(body[..algorithm.IvLength], message[..encrypted.Offset], text, body[^algorithm.IcvLength..]))
        {
            return false;
        }

        var padding = text[^1] + PadLength;
        if (padding > text.Length)
        {
            return false;
        }

        inner = text[..^padding];
        return true;
    }

    private byte[] Seal(IkeHeader header, PayloadType first, FragmentNumber? fragment, byte[] text)
    {
        var padding = -(text.Length + PadLength) & (algorithm.BlockLength - 1);
        var body = algorithm.IvLength + text.Length + padding + PadLength + algorithm.IcvLength;
        var writer = new IkeWriter();
        (header with { NextPayload = fragment is null ? PayloadType.Encrypted : PayloadType.EncryptedFragment }).Write(writer);
        writer.U8((byte)first);
        writer.U8(0);
        writer.U16(checked((ushort)(PayloadChain.GenericHeader + (fragment is null ? 0 : FragmentNumber.Size) + body)));
        if (fragment is { } f)
        {
            writer.U16(f.Number);
            writer.U16(f.Total);
        }

        var ivAt = writer.Length;
        writer.Zeros(algorithm.IvLength);
        writer.Octets(text);
        // What the padding is, is nobody's business (RFC 7296 §3.14); a combined mode needs none.
        writer.Zeros(padding);
        writer.U8((byte)padding);
        writer.Zeros(algorithm.IcvLength);
        writer.PatchU32(24, writer.Length);

        var message = writer.ToArray();
        var iv = message.AsSpan(ivAt, algorithm.IvLength);
        _seal.WriteIv(++_lastIv, iv);
        _seal.Encrypt(
            iv, message.AsSpan(0, ivAt), message.AsSpan(ivAt + iv.Length, text.Length + padding + PadLength), message.AsSpan(message.Length - algorithm.IcvLength));
        return message;
    }

    public void Dispose()
    {
        _seal.Dispose();
        _open.Dispose();
    }
}
