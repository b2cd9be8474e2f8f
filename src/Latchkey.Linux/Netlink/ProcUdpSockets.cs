using System.Globalization;
using System.Runtime.InteropServices;
using Latchkey.Wire;

namespace Latchkey.Linux.Netlink;

/// <summary>
/// UDP sockets from <c>/proc/net/udp</c> and <c>udp6</c> (proc(5)), for kernels built without CONFIG_INET_UDP_DIAG.
/// Slower: the kernel writes text for every socket of the host.
/// </summary>
internal static class ProcUdpSockets
{
    public static IEnumerable<string> Lines(bool v6)
    {
        // Of the thread, not of the process: only the thread's network namespace counts.
        var path = v6 ? "/proc/thread-self/net/udp6" : "/proc/thread-self/net/udp";
        return File.Exists(path) ? File.ReadLines(path).Skip(1) : [];
    }

    /// <summary>Reads a line such as <c>5: 0100007F:1B58 00000000:0000 07 … uid timeout inode …</c>; null when it is none.</summary>
    public static SocketEntry? TryRead(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 10
            || TryReadEnd(words[1]) is not { } local
            || TryReadEnd(words[2]) is not { } remote
            || !byte.TryParse(words[3], NumberStyles.HexNumber, null, out var state)
            || !uint.TryParse(words[7], out var user)
            || !uint.TryParse(words[9], out var inode))
        {
            return null;
        }

        var flow = new FlowKey(IpProtocol.Udp, local.Address, local.Port, remote.Address, remote.Port);
        return new SocketEntry(flow, (SocketState)state, user, inode);
    }

    /// <summary>Addresses are written as 32-bit words of the host's byte order that hold octets in network order.</summary>
    private static InetEndpoint? TryReadEnd(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon is not (8 or 32) || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.HexNumber, null, out var port))
        {
            return null;
        }

        Span<byte> octets = stackalloc byte[16];
        for (var i = 0; i < colon / 8; i++)
        {
            if (!uint.TryParse(text.AsSpan(i * 8, 8), NumberStyles.HexNumber, null, out var word))
            {
                return null;
            }

            MemoryMarshal.Write(octets[(i * 4)..], word);
        }

        return new InetEndpoint(SocketTable.Unmapped(octets[..(colon / 2)]), port);
    }
}
