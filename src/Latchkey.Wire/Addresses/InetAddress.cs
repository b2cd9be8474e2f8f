using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Latchkey.Wire;

/// <summary>An IPv4 or IPv6 address as a 17-byte value: no allocation, ordered, usable as a dictionary key.</summary>
/// <remarks>
/// IPv4 addresses live in the low 32 bits. An IPv4 address never equals an IPv6 address, mapped or not.
/// The order is numerical inside a family and puts every IPv4 address before every IPv6 address.
/// </remarks>
public readonly record struct InetAddress : IComparable<InetAddress>
{
    private readonly ulong _high;
    private readonly ulong _low;
    private readonly bool _isV6;

    internal InetAddress(ulong high, ulong low, bool isV6)
    {
        _high = high;
        _low = low;
        _isV6 = isV6;
    }

    public static InetAddress AnyV4 => default;

    public static InetAddress AnyV6 => new(0, 0, isV6: true);

    public bool IsV4 => !_isV6;

    public bool IsV6 => _isV6;

    public bool IsUnspecified => (_high | _low) == 0;

    /// <summary>Octets on the wire: 4 or 16.</summary>
    public int Length => _isV6 ? 16 : 4;

    /// <summary>Bits in the address: 32 or 128.</summary>
    public int BitLength => Length * 8;

    public static InetAddress FromV4(uint value) => new(0, value, isV6: false);

    public static InetAddress FromV6(UInt128 value) => new((ulong)(value >> 64), (ulong)value, isV6: true);

    /// <summary>Reads 4 octets as IPv4 or 16 as IPv6, in network order.</summary>
    /// <exception cref="ArgumentException">Neither 4 nor 16 octets.</exception>
    public static InetAddress FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        4 => new(0, BinaryPrimitives.ReadUInt32BigEndian(bytes), isV6: false),
        16 => new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]), isV6: true),
        _ => throw new ArgumentException($"an address has 4 or 16 octets, not {bytes.Length}", nameof(bytes)),
    };

    public static InetAddress From(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        return FromBytes(bytes[..written]);
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out InetAddress address)
    {
        // IPAddress.TryParse also takes "1" and "0x7f.1"; an address is written in full or not at all.
        if (text is not null && IPAddress.TryParse(text, out var parsed) && !text.Contains('%', StringComparison.Ordinal)
            && (parsed.AddressFamily == AddressFamily.InterNetworkV6 || text.Count(c => c == '.') == 3))
        {
            address = From(parsed);
            return true;
        }

        address = default;
        return false;
    }

    /// <exception cref="FormatException">Not an address.</exception>
    public static InetAddress Parse(string text) =>
        TryParse(text, out var address) ? address : throw new FormatException($"'{text}' is not an IPv4 or IPv6 address");

    public static bool operator <(InetAddress left, InetAddress right) => left.CompareTo(right) < 0;

    public static bool operator >(InetAddress left, InetAddress right) => left.CompareTo(right) > 0;

    public static bool operator <=(InetAddress left, InetAddress right) => left.CompareTo(right) <= 0;

    public static bool operator >=(InetAddress left, InetAddress right) => left.CompareTo(right) >= 0;

    /// <summary>The address as an unsigned number (an IPv4 address in the low 32 bits).</summary>
    public UInt128 ToNumber() => new(_high, _low);

    /// <summary>The upper half of the number.</summary>
    internal ulong High => _high;

    /// <summary>The lower half of the number.</summary>
    internal ulong Low => _low;

    /// <summary>Writes <see cref="Length"/> octets in network order; returns how many.</summary>
    public int CopyTo(Span<byte> destination)
    {
        if (_isV6)
        {
            BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
            BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _low);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_low);
        }

        return Length;
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    public IPAddress ToIPAddress() => new(ToBytes());

    public int CompareTo(InetAddress other)
    {
        var family = _isV6.CompareTo(other._isV6);
        if (family != 0)
        {
            return family;
        }

        var high = _high.CompareTo(other._high);
        return high != 0 ? high : _low.CompareTo(other._low);
    }

    public override string ToString() => ToIPAddress().ToString();
}
