using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Latchkey.Wire.Ike;

/// <summary>Writes big-endian fields into a buffer that grows; lengths are filled in when a part is complete.</summary>
public sealed class IkeWriter
{
    private byte[] _buffer = new byte[512];

    public int Length { get; private set; }

    public void U8(byte value) => Next(1)[0] = value;

    public void U16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Next(2), value);

    public void U32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Next(4), value);

    public void U64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Next(8), value);

    public void Octets(ReadOnlySpan<byte> value) => value.CopyTo(Next(value.Length));

    public void Zeros(int count) => Next(count).Clear();

    public void PatchU16(int at, int value) => BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(at), checked((ushort)value));

    public void PatchU32(int at, int value) => BinaryPrimitives.WriteUInt32BigEndian(_buffer.AsSpan(at), checked((uint)value));

    public byte[] ToArray() => _buffer.AsSpan(0, Length).ToArray();

    /// <summary>The substructures of an SA payload or of a proposal: each says whether another follows, and its length (RFC 7296 §3.3.1).</summary>
    /// <param name="more">What it says when another follows.</param>
    internal void Substructures<T>(ImmutableArray<T> parts, byte more, Action<T, IkeWriter> write)
    {
        for (var i = 0; i < parts.Length; i++)
        {
            var start = Length;
            U8(i + 1 < parts.Length ? more : (byte)0);
            U8(0);
            U16(0);
            write(parts[i], this);
            PatchU16(start + 2, Length - start);
        }
    }

    private Span<byte> Next(int count)
    {
        if (Length + count > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Length + count));
        }

        var next = _buffer.AsSpan(Length, count);
        Length += count;
        return next;
    }
}
