using System.Buffers.Binary;

namespace Latchkey.Fuzz;

/// <summary>An input that is a sequence of steps; where it ends too early, zeros follow.</summary>
internal ref struct Steps(ReadOnlySpan<byte> input)
{
    private ReadOnlySpan<byte> _rest = input;

    public readonly bool AreLeft => !_rest.IsEmpty;

    public byte U8() => Take(1)[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    /// <summary>The next octets.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        var taken = UpTo(count);
        if (taken.Length == count)
        {
            return taken;
        }

        var padded = new byte[count];
        taken.CopyTo(padded);
        return padded;
    }

    /// <summary>A length of two octets, and so many octets or what is left.</summary>
    public ReadOnlySpan<byte> Sized() => UpTo(U16());

    private ReadOnlySpan<byte> UpTo(int count)
    {
        var taken = _rest[..Math.Min(count, _rest.Length)];
        _rest = _rest[taken.Length..];
        return taken;
    }
}
