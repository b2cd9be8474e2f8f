using System.Buffers.Binary;

namespace Latchkey.Wire;

/// <summary>An IPv4 header to be written (RFC 791 §3.1); options are passed to <see cref="Write"/>.</summary>
/// <param name="FragmentOffset">In octets, a multiple of 8.</param>
public readonly record struct Ipv4Header(
    InetAddress Source,
    InetAddress Destination,
    IpProtocol Protocol,
    byte TimeToLive = 64,
    byte TypeOfService = 0,
    ushort Identification = 0,
    bool DontFragment = false,
    bool MoreFragments = false,
    int FragmentOffset = 0)
{
    public const int MaximumOptionsLength = 40;

    /// <summary>Everything a packet says except its length and options.</summary>
    public static Ipv4Header From(Ipv4View view) => new(
        view.Source, view.Destination, view.Protocol, view.TimeToLive, view.TypeOfService, view.Identification,
        view.DontFragment, view.MoreFragments, view.FragmentOffset);

    /// <summary>Writes the header with its checksum in front of <paramref name="payloadLength"/> octets.</summary>
    /// <param name="options">Whole 32-bit words.</param>
    /// <returns>Octets written.</returns>
    /// <exception cref="ArgumentException">The options or the packet would be too long, or the options are not whole words.</exception>
    public int Write(Span<byte> destination, int payloadLength, ReadOnlySpan<byte> options = default)
    {
        var headerLength = Ipv4View.MinimumHeaderLength + options.Length;
        if (options.Length > MaximumOptionsLength || options.Length % 4 != 0 || headerLength + payloadLength > ushort.MaxValue)
        {
            throw new ArgumentException("options are at most ten words and a packet at most 65535 octets", nameof(options));
        }

        var header = destination[..headerLength];
        header[0] = (byte)(0x40 | (headerLength / 4));
        header[1] = TypeOfService;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)(headerLength + payloadLength));
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], Identification);
        BinaryPrimitives.WriteUInt16BigEndian(
            header[6..], (ushort)((DontFragment ? 0x4000 : 0) | (MoreFragments ? 0x2000 : 0) | ((FragmentOffset / 8) & 0x1FFF)));
        header[8] = TimeToLive;
        header[9] = (byte)Protocol;
        header[10] = header[11] = 0;
        Source.CopyTo(header[12..]);
        Destination.CopyTo(header[16..]);
        options.CopyTo(header[Ipv4View.MinimumHeaderLength..]);
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Of(header));
        return headerLength;
    }
}
