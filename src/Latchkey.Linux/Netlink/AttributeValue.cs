using System.Runtime.InteropServices;
using System.Text;
using Latchkey.Wire;

namespace Latchkey.Linux.Netlink;

/// <summary>Values of attributes, read with a check of their length: too short reads as zero or null.</summary>
internal static class AttributeValue
{
    public static uint ToUInt32(ReadOnlySpan<byte> value) => MemoryMarshal.TryRead<uint>(value, out var number) ? number : 0;

    public static byte ToByte(ReadOnlySpan<byte> value) => value.IsEmpty ? (byte)0 : value[0];

    public static InetAddress? ToAddress(ReadOnlySpan<byte> value) =>
        value.Length is 4 or 16 ? InetAddress.FromBytes(value) : null;

    public static string ToText(ReadOnlySpan<byte> value)
    {
        var end = value.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? value : value[..end]);
    }
}
