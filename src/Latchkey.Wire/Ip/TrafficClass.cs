namespace Latchkey.Wire;

/// <summary>
/// The octet of both IP versions that says how routers are to treat a packet: type of service in IPv4, traffic class in IPv6. Six bits
/// of DSCP (RFC 2474), two of ECN (RFC 3168).
/// </summary>
public static class TrafficClass
{
    /// <summary>The two bits of ECN.</summary>
    public const byte EcnMask = 3;

    /// <param name="packet">An IP packet whose header was checked.</param>
    public static byte Of(ReadOnlySpan<byte> packet) => packet[0] >> 4 == 6 ? (byte)(packet[0] << 4 | packet[1] >> 4) : packet[1];

    /// <summary>Changes it; IPv4's header checksum stays as right, or as wrong, as it was.</summary>
    /// <param name="packet">An IP packet whose header was checked.</param>
    public static void Set(Span<byte> packet, byte value)
    {
        if (packet[0] >> 4 == 6)
        {
            (packet[0], packet[1]) = ((byte)(0x60 | value >> 4), (byte)(value << 4 | (packet[1] & 0x0F)));
            return;
        }

        var checksum = InternetChecksum.Update((ushort)(packet[10] << 8 | packet[11]), (ushort)(packet[0] << 8 | packet[1]), (ushort)(packet[0] << 8 | value));
        (packet[1], packet[10], packet[11]) = (value, (byte)(checksum >> 8), (byte)checksum);
    }
}
