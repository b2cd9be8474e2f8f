using System.Buffers.Binary;

namespace Latchkey.Wire.Ike;

/// <summary>
/// Reads big-endian fields and cannot leave its octets. The first failure sticks: from then on every read gives zero
/// or nothing, and <see cref="Error"/> says where it went wrong. So a parser may read on and look once at the end,
/// but a loop must look at <see cref="Failed"/>.
/// </summary>
internal ref struct IkeReader(ReadOnlySpan<byte> octets, int origin)
{
    private readonly ReadOnlySpan<byte> _octets = octets;
    private int _position;

    public IkeParseError? Error { get; private set; }

    public readonly bool Failed => Error is not null;

    /// <summary>Octets from the start of the message.</summary>
    public readonly int Offset => origin + _position;

    public readonly int Remaining => Failed ? 0 : _octets.Length - _position;

    public byte U8(string what) => Take(1, what) is [var value] ? value : (byte)0;

    public ushort U16(string what) => Take(2, what) is { Length: 2 } field ? BinaryPrimitives.ReadUInt16BigEndian(field) : (ushort)0;

    public uint U32(string what) => Take(4, what) is { Length: 4 } field ? BinaryPrimitives.ReadUInt32BigEndian(field) : 0;

    public ulong U64(string what) => Take(8, what) is { Length: 8 } field ? BinaryPrimitives.ReadUInt64BigEndian(field) : 0;

    public ReadOnlySpan<byte> Take(int length, string what)
    {
        if (length > Remaining)
        {
            Fail(what, length, Remaining);
            return default;
        }

        var taken = _octets.Slice(_position, length);
        _position += length;
        return taken;
    }

    public ReadOnlySpan<byte> Rest() => Take(Remaining, "");

    /// <summary>A reader of the next <paramref name="length"/> octets only; this one continues behind them.</summary>
    public IkeReader Part(int length, string what)
    {
        var start = Offset;
        return new IkeReader(Take(length, what), start);
    }

    public void Fail(string what, int wanted, int available) => Error ??= new IkeParseError(what, Offset, wanted, available);

    public void Adopt(IkeParseError? error) => Error ??= error;
}
