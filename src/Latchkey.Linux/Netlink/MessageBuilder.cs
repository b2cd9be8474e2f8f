using System.Runtime.InteropServices;
using System.Text;
using Latchkey.Linux.Native;
using Latchkey.Wire;

namespace Latchkey.Linux.Netlink;

/// <summary>
/// Writes one netlink request: a header, a fixed structure, then attributes (RFC 3549 §2). Everything is in host byte
/// order and padded to 4 octets; lengths are filled in by <see cref="Finish"/> and <see cref="EndNested"/>.
/// </summary>
internal sealed class MessageBuilder
{
    private byte[] _buffer = new byte[256];
    private int _length;

    private MessageBuilder()
    {
    }

    public static MessageBuilder Request<T>(ushort type, ushort flags, T body)
        where T : unmanaged
    {
        var builder = new MessageBuilder();
        builder.Write(new NetlinkHeader { Type = type, Flags = (ushort)(flags | NetlinkAbi.FlagRequest) });
        builder.Write(body);
        return builder;
    }

    public MessageBuilder Put(ushort type, ReadOnlySpan<byte> value)
    {
        var header = Take(4 + value.Length);
        MemoryMarshal.Write(header, (ushort)(4 + value.Length));
        MemoryMarshal.Write(header[2..], type);
        value.CopyTo(header[4..]);
        return this;
    }

    public MessageBuilder Put<T>(ushort type, T value)
        where T : unmanaged => Put(type, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    public MessageBuilder Put(ushort type, InetAddress value)
    {
        Span<byte> bytes = stackalloc byte[16];
        return Put(type, bytes[..value.CopyTo(bytes)]);
    }

    /// <summary>A zero-terminated string.</summary>
    public MessageBuilder Put(ushort type, string value) => Put(type, Encoding.UTF8.GetBytes(value + '\0'));

    /// <summary>Begins an attribute made of attributes; returns what <see cref="EndNested"/> needs.</summary>
    public int BeginNested(ushort type)
    {
        var start = _length;
        Put(type, []);
        return start;
    }

    public MessageBuilder EndNested(int start)
    {
        MemoryMarshal.Write(_buffer.AsSpan(start), (ushort)(_length - start));
        return this;
    }

    /// <summary>The whole message, with its length, and the sequence number the answer will carry.</summary>
    public Span<byte> Finish(uint sequence)
    {
        MemoryMarshal.Write(_buffer, (uint)_length);
        MemoryMarshal.Write(_buffer.AsSpan(8), sequence);
        return _buffer.AsSpan(0, _length);
    }

    private void Write<T>(T value)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value));
        bytes.CopyTo(Take(bytes.Length));
    }

    /// <summary>Takes zeroed room for that many octets, and steps over the padding behind it.</summary>
    private Span<byte> Take(int length)
    {
        var padded = Padding.Up(length);
        if (_length + padded > _buffer.Length)
        {
            Array.Resize(ref _buffer, 2 * (_length + padded));
        }

        var room = _buffer.AsSpan(_length, length);
        _length += padded;
        return room;
    }
}
