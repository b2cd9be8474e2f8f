using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Latchkey.Wire;

/// <summary>The one's complement checksum of IP, TCP, UDP, ICMP and ICMPv6 (RFC 1071).</summary>
/// <remarks>A sum is carried as an unfolded number, so that pieces can be added one after the other; every piece but
/// the last has an even number of octets.</remarks>
public static class InternetChecksum
{
    /// <summary>Adds the 16-bit words of <paramref name="bytes"/> to a sum; an odd last octet counts as the high half of a word.</summary>
    public static ulong Add(ulong sum, ReadOnlySpan<byte> bytes)
    {
        // Words are added as the processor loads them, and the sum is put into network order once: the order of octets
        // does not matter within a one's complement sum (RFC 1071 §2 (B)). A 64-bit lane takes 2^32 halves before it overflows.
        var lanes = Vector512<ulong>.Zero;
        var whole = bytes.Length & -Vector512<byte>.Count;
        ref var first = ref MemoryMarshal.GetReference(bytes);
        for (var at = 0; at < whole; at += Vector512<byte>.Count)
        {
            lanes += Halves(Vector512.LoadUnsafe(ref first, (nuint)at));
        }

        var native = Fold(Vector512.Sum(lanes) + Words(bytes[whole..]));
        return sum + (BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(native) : native);
    }

    /// <summary>The sum of the pseudo header of an upper-layer packet (RFC 9293 §3.1, RFC 8200 §8.1).</summary>
    public static ulong PseudoHeader(InetAddress source, InetAddress destination, IpProtocol protocol, int length)
    {
        var a = source.ToNumber();
        var b = destination.ToNumber();
        return (ulong)protocol + (uint)length + Words(a) + Words(b);

        static ulong Words(UInt128 n) =>
            (ulong)(uint)n + (uint)(n >> 32) + (uint)(n >> 64) + (uint)(n >> 96);
    }

    /// <summary>Folds a sum into the value of a checksum field.</summary>
    public static ushort Finish(ulong sum) => (ushort)~Fold(sum);

    /// <summary>What a checksum field holds when its sum over the upper layer is still to be made: the pseudo header's sum alone, not inverted.</summary>
    public static ushort PartialOf(ulong pseudoHeader) => Fold(pseudoHeader);

    /// <summary>The checksum of octets whose own checksum field is zero; 0 when that field already holds the right value.</summary>
    public static ushort Of(ReadOnlySpan<byte> bytes) => Finish(Add(0, bytes));

    /// <summary>As <see cref="Of"/>, with the pseudo header in front.</summary>
    public static ushort OfUpperLayer(InetAddress source, InetAddress destination, IpProtocol protocol, ReadOnlySpan<byte> packet) =>
        OfUpperLayer(PseudoHeader(source, destination, protocol, length: 0), packet);

    /// <summary>As <see cref="OfUpperLayer(InetAddress, InetAddress, IpProtocol, ReadOnlySpan{byte})"/>, for many packets between the same ends.</summary>
    /// <param name="pseudoHeader">Of length 0: the length is the packet's.</param>
    public static ushort OfUpperLayer(ulong pseudoHeader, ReadOnlySpan<byte> packet) => Finish(Add(pseudoHeader + (uint)packet.Length, packet));

    /// <summary>The checksum after one aligned 16-bit word under it changed (RFC 1624 §3, equation 3).</summary>
    public static ushort Update(ushort checksum, ushort before, ushort after) =>
        Finish((ulong)(ushort)~checksum + (ushort)~before + after);

    /// <summary>The sums of the two 32-bit halves of each 64-bit lane. 2^16 = 1 modulo 2^16 - 1, so that 32-bit words fold together as well as 16-bit ones.</summary>
    private static Vector512<ulong> Halves(Vector512<byte> octets)
    {
        var lanes = octets.AsUInt64();
        return (lanes & Vector512.Create((ulong)uint.MaxValue)) + (lanes >>> 32);
    }

    /// <summary>The sum of words in the order of the processor.</summary>
    private static ulong Words(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            var lane = MemoryMarshal.Read<ulong>(bytes);
            sum += (uint)lane + (lane >> 32);
        }

        if (bytes.Length >= sizeof(uint))
        {
            sum += MemoryMarshal.Read<uint>(bytes);
            bytes = bytes[sizeof(uint)..];
        }

        if (bytes.Length >= sizeof(ushort))
        {
            sum += MemoryMarshal.Read<ushort>(bytes);
            bytes = bytes[sizeof(ushort)..];
        }

        return bytes.IsEmpty ? sum : sum + (BitConverter.IsLittleEndian ? bytes[0] : (ulong)bytes[0] << 8);
    }

    /// <summary>Four times is enough for any sum, and a loop that asks takes longer.</summary>
    private static ushort Fold(ulong sum)
    {
        sum = (uint)sum + (sum >> 32);
        sum = (ushort)sum + (sum >> 16);
        sum = (ushort)sum + (sum >> 16);
        return (ushort)((ushort)sum + (sum >> 16));
    }
}
