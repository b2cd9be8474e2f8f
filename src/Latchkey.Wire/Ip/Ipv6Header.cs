using System.Buffers.Binary;

namespace Latchkey.Wire;

/// <summary>An IPv6 header to be written (RFC 8200 §3).</summary>
/// <param name="FlowLabel">20 bits.</param>
public readonly record struct Ipv6Header(
    InetAddress Source,
    InetAddress Destination,
    IpProtocol NextHeader,
    byte HopLimit = 64,
    byte TrafficClass = 0,
    int FlowLabel = 0)
{
    /// <summary>Everything a packet says except its length.</summary>
    public static Ipv6Header From(Ipv6View view) =>
        new(view.Source, view.Destination, view.NextHeader, view.HopLimit, view.TrafficClass, view.FlowLabel);

    /// <summary>Writes the header in front of <paramref name="payloadLength"/> octets, extension headers included.</summary>
    /// <returns>Octets written.</returns>
    public int Write(Span<byte> destination, int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payloadLength, ushort.MaxValue);
        BinaryPrimitives.WriteUInt32BigEndian(destination, 6u << 28 | (uint)TrafficClass << 20 | ((uint)FlowLabel & 0xFFFFF));
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], (ushort)payloadLength);
        destination[6] = (byte)NextHeader;
        destination[7] = HopLimit;
        Source.CopyTo(destination[8..]);
        Destination.CopyTo(destination[24..]);
        return Ipv6View.HeaderLength;
    }
}
