using System.Buffers.Binary;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>The associated data of a combined-mode cipher in ESP (RFC 4106 §5, RFC 7634 §2.1): SPI and sequence number, with all 64 bits of it under ESN.</summary>
/// <remarks>One buffer for an SA, filled anew for each packet.</remarks>
internal readonly struct EspAad
{
    private const int SequenceOffset = sizeof(uint);

    private readonly byte[] _octets;
    private readonly bool _esn;

    public EspAad(uint spi, bool esn)
    {
        _octets = new byte[SequenceOffset + (esn ? sizeof(ulong) : sizeof(uint))];
        _esn = esn;
        BinaryPrimitives.WriteUInt32BigEndian(_octets, spi);
    }

    public ReadOnlySpan<byte> For(ulong sequence)
    {
        var number = _octets.AsSpan(SequenceOffset);
        if (_esn)
        {
            BinaryPrimitives.WriteUInt64BigEndian(number, sequence);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(number, (uint)sequence);
        }

        return _octets;
    }
}
