namespace Latchkey.Wire;

/// <summary>What stands behind the payload of a decrypted ESP packet: padding, pad length, next header (RFC 4303 §2.4-2.6).</summary>
/// <param name="PayloadLength">Octets in front of the padding.</param>
public readonly record struct EspTrailer(int PayloadLength, int PadLength, IpProtocol NextHeader)
{
    /// <summary>Pad length and next header.</summary>
    public const int FixedLength = 2;

    /// <summary>Ciphertext ends on a multiple of four octets (RFC 4303 §2.4).</summary>
    public const int Alignment = 4;

    /// <summary>Octets of padding and trailer behind a payload.</summary>
    /// <param name="alignment">A power of two, at least <see cref="Alignment"/>: what the cipher needs.</param>
    public static int LengthFor(int payloadLength, int alignment = Alignment) =>
        (-(payloadLength + FixedLength) & (alignment - 1)) + FixedLength;

    /// <summary>Writes the smallest trailer behind a payload: padding 1, 2, 3… (RFC 4303 §2.4).</summary>
    /// <returns>Octets written: <see cref="LengthFor"/>.</returns>
    public static int Write(Span<byte> destination, int payloadLength, IpProtocol nextHeader, int alignment = Alignment)
    {
        var length = LengthFor(payloadLength, alignment);
        for (var i = 0; i < length - FixedLength; i++)
        {
            destination[i] = (byte)(i + 1);
        }

        destination[length - 2] = (byte)(length - FixedLength);
        destination[length - 1] = (byte)nextHeader;
        return length;
    }

    /// <summary>Reads the trailer off the end of a decrypted text.</summary>
    /// <returns>False when the padding is longer than the text, or is not 1, 2, 3… as the sender must write it
    /// (the check that RFC 4303 §2.4 asks of receivers).</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, out EspTrailer trailer)
    {
        trailer = default;
        if (text.Length < FixedLength)
        {
            return false;
        }

        int padLength = text[^2];
        var payloadLength = text.Length - FixedLength - padLength;
        if (payloadLength < 0)
        {
            return false;
        }

        for (var i = 0; i < padLength; i++)
        {
            if (text[payloadLength + i] != i + 1)
            {
                return false;
            }
        }

        trailer = new(payloadLength, padLength, (IpProtocol)text[^1]);
        return true;
    }
}
