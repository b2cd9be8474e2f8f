namespace Latchkey.Linux.Tests.Hosts;

/// <summary>Scripts that send forged ICMP errors.</summary>
internal static class IcmpErrors
{
    /// <summary>A script that sends "port unreachable" about a packet, in clear, through a raw socket.</summary>
    public static string Forge(string from, string to, byte[] quoted)
    {
        var v6 = to.Contains(':', StringComparison.Ordinal);
        return $"""
            import socket, struct
            quoted = bytes.fromhex("{Convert.ToHexString(quoted)}")
            s = socket.socket(socket.{(v6 ? "AF_INET6" : "AF_INET")}, socket.SOCK_RAW, {(v6 ? 58 : 1)})
            s.bind(("{from}", 0))
            def checksum(b):
                b += b"\0" * (len(b) % 2)
                n = sum(struct.unpack("!%dH" % (len(b) // 2), b))
                while n >> 16: n = (n & 0xffff) + (n >> 16)
                return ~n & 0xffff
            kind, code = {(v6 ? "1, 4" : "3, 3")}
            body = struct.pack("!BBHI", kind, code, 0, 0) + quoted
            body = struct.pack("!BBHI", kind, code, checksum(body), 0) + quoted
            s.sendto(body, ("{to}", 0))
            """;
    }
}
