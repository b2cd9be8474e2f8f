using System.Buffers.Binary;

namespace Latchkey.Wire;

/// <summary>A checked look at the clear part of an ESP packet (RFC 4303 §2).</summary>
public readonly ref struct EspView
{
    public const int HeaderLength = 8;

    private readonly ReadOnlySpan<byte> _packet;

    private EspView(ReadOnlySpan<byte> packet) => _packet = packet;

    public uint Spi => BinaryPrimitives.ReadUInt32BigEndian(_packet);

    /// <summary>The low 32 bits of the sequence number: all that is sent (RFC 4303 §2.2.1).</summary>
    public uint SequenceNumber => BinaryPrimitives.ReadUInt32BigEndian(_packet[4..]);

    /// <summary>Explicit IV, ciphertext and ICV.</summary>
    public ReadOnlySpan<byte> Body => _packet[HeaderLength..];

    /// <summary>False when the packet is cut off, or names an SPI that is never used: 0 (RFC 4303 §2.1).</summary>
    public static bool TryCreate(ReadOnlySpan<byte> bytes, out EspView view)
    {
        view = default;
        if (bytes.Length < HeaderLength || BinaryPrimitives.ReadUInt32BigEndian(bytes) == 0)
        {
            return false;
        }

        view = new(bytes);
        return true;
    }

    public static void WriteHeader(Span<byte> destination, uint spi, uint sequenceNumber)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, spi);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], sequenceNumber);
    }
}
