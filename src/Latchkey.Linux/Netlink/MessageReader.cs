using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Latchkey.Linux.Native;

namespace Latchkey.Linux.Netlink;

/// <summary>Walks the netlink messages in what one recv(2) gave. A length that does not fit ends the walk.</summary>
internal ref struct MessageReader(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _rest = data;

    public bool TryNext(out NetlinkHeader header, out ReadOnlySpan<byte> body)
    {
        header = default;
        body = default;
        if (!MemoryMarshal.TryRead(_rest, out header) || header.Length < NetlinkHeader.Size || header.Length > _rest.Length)
        {
            return false;
        }

        body = _rest[NetlinkHeader.Size..(int)header.Length];
        _rest = _rest[Math.Min(Padding.Up((int)header.Length), _rest.Length)..];
        return true;
    }
}

/// <summary>Walks attributes (<c>struct rtattr</c>). A length that does not fit ends the walk.</summary>
internal ref struct AttributeReader(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _rest = data;

    public bool TryNext(out ushort type, out ReadOnlySpan<byte> value)
    {
        type = 0;
        value = default;
        if (_rest.Length < 4)
        {
            return false;
        }

        int length = MemoryMarshal.Read<ushort>(_rest);
        if (length < 4 || length > _rest.Length)
        {
            return false;
        }

        type = (ushort)(MemoryMarshal.Read<ushort>(_rest[2..]) & NetlinkAbi.AttributeTypeMask);
        value = _rest[4..length];
        _rest = _rest[Math.Min(Padding.Up(length), _rest.Length)..];
        return true;
    }

    /// <summary>Splits a message body into its fixed structure and the attributes behind it.</summary>
    public static bool TrySplit<T>(ReadOnlySpan<byte> body, out T fixedPart, out AttributeReader attributes)
        where T : unmanaged
    {
        attributes = default;
        if (!MemoryMarshal.TryRead(body, out fixedPart))
        {
            return false;
        }

        var size = Padding.Up(Unsafe.SizeOf<T>());
        attributes = new AttributeReader(body[Math.Min(size, body.Length)..]);
        return true;
    }
}

/// <summary>NLMSG_ALIGN and RTA_ALIGN: everything begins at a multiple of 4.</summary>
internal static class Padding
{
    public static int Up(int length) => (length + 3) & ~3;
}
