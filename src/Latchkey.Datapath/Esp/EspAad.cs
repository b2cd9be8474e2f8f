using System.Buffers.Binary;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>The associated data of a combined-mode cipher in ESP (RFC 4106 §5, RFC 7634 §2.1).</summary>
internal static class EspAad
{
    public const int MaximumLength = 12;

    /// <summary>SPI and sequence number, with all 64 bits of it under ESN.</summary>
    /// <returns>The part of <paramref name="room"/> that was used.</returns>
    public static ReadOnlySpan<byte> Write(Span<byte> room, uint spi, ulong sequence, bool esn)
    {
        BinaryPrimitives.WriteUInt32BigEndian(room, spi);
        if (esn)
        {
            BinaryPrimitives.WriteUInt64BigEndian(room[4..], sequence);
            return room[..MaximumLength];
        }

        BinaryPrimitives.WriteUInt32BigEndian(room[4..], (uint)sequence);
        return room[..EspView.HeaderLength];
    }
}
