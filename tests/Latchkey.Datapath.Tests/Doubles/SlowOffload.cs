using System.Buffers.Binary;
using Latchkey.Contract;

namespace Latchkey.Datapath.Tests;

/// <summary>
/// The reference for offloads: what a super-segment stands for, written octet by octet from RFC 791, 8200, 9293 and 768,
/// sharing no code with the product. Throws when a packet is none that a kernel would take.
/// </summary>
internal static class SlowOffload
{
    public static List<byte[]> Cut(byte[] packet, PacketOffload offload)
    {
        if (offload == default)
        {
            return [packet];
        }

        var isV6 = packet[0] >> 4 == 6;
        Assume(offload.NeedsChecksum, "a super-segment has a partial checksum");
        int upper = offload.ChecksumStart;
        var isTcp = offload.Kind == SegmentKind.Tcp;
        var field = isTcp ? 16 : 6;
        Assume(offload.ChecksumOffset == field, "the checksum is where its protocol has it");
        Assume(Sum(Pseudo(packet, upper, packet.Length - upper)) == Read16(packet, upper + field), "the field holds the pseudo header's sum");
        var end = upper + (isTcp ? (packet[upper + 12] >> 4) * 4 : 8);
        Assume(offload.HeaderLength == end, "the header length is that of all headers");
        Assume(Read16(packet, isV6 ? 4 : 2) == packet.Length - (isV6 ? 40 : 0), "the IP length is that of the whole");
        Assume(isTcp || Read16(packet, upper + 4) == packet.Length - upper, "the UDP length is that of the whole");
        Assume(offload.SegmentSize > 0 && packet.Length - end > offload.SegmentSize, "there is something to cut");

        var result = new List<byte[]>();
        var index = 0;
        for (var at = end; at < packet.Length; at += offload.SegmentSize, index++)
        {
            var isLast = at + offload.SegmentSize >= packet.Length;
            var payload = packet[at..(isLast ? packet.Length : at + offload.SegmentSize)];
            byte[] segment = [.. packet[..end], .. payload];
            Write16(segment, isV6 ? 4 : 2, segment.Length - (isV6 ? 40 : 0));
            if (!isV6)
            {
                Write16(segment, 4, (Read16(packet, 4) + index) & 0xFFFF);
                Write16(segment, 10, 0);
                Write16(segment, 10, ~Sum(segment[..upper]) & 0xFFFF);
            }

            if (isTcp)
            {
                BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(upper + 4), BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(upper + 4)) + (uint)(at - end));
                segment[upper + 13] = (byte)(packet[upper + 13] & (isLast ? 0xFF : 0xF6) & (index == 0 ? 0xFF : 0x7F));
            }
            else
            {
                Write16(segment, upper + 4, segment.Length - upper);
            }

            Write16(segment, upper + field, 0);
            Write16(segment, upper + field, Checksum(segment, upper));
            result.Add(segment);
        }

        return result;
    }

    /// <summary>Whether the upper layer's checksum is right.</summary>
    public static bool IsVerified(byte[] packet, int upper) => Sum([.. Pseudo(packet, upper, packet.Length - upper), .. packet[upper..]]) == 0xFFFF;

    /// <summary>Makes the super-segment of which a packet with a larger payload is to be the whole.</summary>
    public static (byte[] Packet, PacketOffload Offload) Super(byte[] packet, int upper, int size)
    {
        var isTcp = Protocol(packet) == 6;
        var field = isTcp ? 16 : 6;
        var super = packet.ToArray();
        Write16(super, upper + field, Sum(Pseudo(packet, upper, packet.Length - upper)));
        var end = upper + (isTcp ? (packet[upper + 12] >> 4) * 4 : 8);
        return (super, new(isTcp ? SegmentKind.Tcp : SegmentKind.Udp, (ushort)size, (ushort)end, NeedsChecksum: true, (ushort)upper, (ushort)field));
    }

    private static int Checksum(byte[] packet, int upper)
    {
        var sum = ~Sum([.. Pseudo(packet, upper, packet.Length - upper), .. packet[upper..]]) & 0xFFFF;
        return sum == 0 ? 0xFFFF : sum;
    }

    private static int Protocol(byte[] packet) => packet[0] >> 4 == 4 ? packet[9] : packet[6] == 60 ? packet[40] : packet[6];

    private static byte[] Pseudo(byte[] packet, int upper, int length)
    {
        var addresses = packet[0] >> 4 == 6 ? packet[8..40] : packet[12..20];
        return [.. addresses, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length, 0, 0, 0, (byte)Protocol(packet)];
    }

    private static int Sum(byte[] octets)
    {
        var sum = 0;
        for (var i = 0; i < octets.Length; i++)
        {
            sum += i % 2 == 0 ? octets[i] << 8 : octets[i];
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return sum;
    }

    private static int Read16(byte[] octets, int at) => (octets[at] << 8) | octets[at + 1];

    private static void Write16(byte[] octets, int at, int value) => (octets[at], octets[at + 1]) = ((byte)(value >> 8), (byte)value);

    private static void Assume(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException(what);
        }
    }
}
