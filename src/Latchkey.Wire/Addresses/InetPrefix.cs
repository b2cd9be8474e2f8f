using System.Diagnostics.CodeAnalysis;

namespace Latchkey.Wire;

/// <summary>An address prefix such as <c>192.0.2.0/24</c>; a single address is a prefix of full length.</summary>
public readonly record struct InetPrefix
{
    /// <exception cref="ArgumentException">The length is out of range, or bits beyond it are set.</exception>
    public InetPrefix(InetAddress address, int length)
    {
        if (length < 0 || length > address.BitLength)
        {
            throw new ArgumentException($"a prefix of {address} has 0 to {address.BitLength} bits, not {length}", nameof(length));
        }

        Address = address;
        Length = length;
        if ((address.ToNumber() & HostMask) != 0)
        {
            throw new ArgumentException($"{address}/{length} has bits set beyond the prefix; its network is {First(this)}/{length}", nameof(address));
        }
    }

    public InetAddress Address { get; }

    public int Length { get; }

    /// <summary>The lowest address covered.</summary>
    public InetAddress Start => Address;

    /// <summary>The highest address covered.</summary>
    public InetAddress End => Make(Address.ToNumber() | HostMask);

    private UInt128 HostMask
    {
        get
        {
            var hostBits = Address.BitLength - Length;
            return hostBits == 128 ? UInt128.MaxValue : (UInt128.One << hostBits) - 1;
        }
    }

    public static InetPrefix Of(InetAddress address) => new(address, address.BitLength);

    /// <summary>Parses <c>address</c> or <c>address/length</c>; <paramref name="error"/> says what is wrong with it.</summary>
    public static bool TryParse(string text, out InetPrefix prefix, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        prefix = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!InetAddress.TryParse(slash < 0 ? text : text[..slash], out var address))
        {
            error = $"'{text}' is not an address or a prefix such as 192.0.2.0/24";
            return false;
        }

        var length = address.BitLength;
        if (slash >= 0 && (!byte.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, null, out var parsed) || (length = parsed) > address.BitLength))
        {
            error = $"the prefix length in '{text}' is not a number from 0 to {address.BitLength}";
            return false;
        }

        try
        {
            prefix = new InetPrefix(address, length);
        }
        catch (ArgumentException e)
        {
            error = e.Message.Split(" (Parameter", 2)[0];
            return false;
        }

        error = null;
        return true;
    }

    /// <exception cref="FormatException">Not an address or a prefix; the message says what is wrong with it.</exception>
    public static InetPrefix Parse(string text) => TryParse(text, out var prefix, out var error) ? prefix : throw new FormatException(error);

    public bool Contains(InetAddress address) =>
        address.IsV4 == Address.IsV4 && (address.ToNumber() & ~HostMask) == (Address.ToNumber() & ~HostMask);

    public bool Overlaps(InetPrefix other) => Contains(other.Address) || other.Contains(Address);

    public override string ToString() => Length == Address.BitLength ? Address.ToString() : $"{Address}/{Length}";

    private static InetAddress First(InetPrefix prefix) => prefix.Make(prefix.Address.ToNumber() & ~prefix.HostMask);

    private InetAddress Make(UInt128 number) => Address.IsV6 ? InetAddress.FromV6(number) : InetAddress.FromV4((uint)number);
}
