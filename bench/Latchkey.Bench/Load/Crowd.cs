using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Latchkey.Bench.Load;

/// <summary>Many connections that are there and do nothing, so that what each of them weighs elsewhere can be seen.</summary>
internal static class Crowd
{
    private const int FirstPort = 10_000;

    /// <summary>Takes every connection and keeps it, until the process is ended.</summary>
    public static void Keep(int port)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, port));
        listener.Listen(4096);
        Console.WriteLine(LoadCommand.Ready);
        var kept = new List<Socket>();
        while (true)
        {
            kept.Add(listener.Accept());
        }
    }

    /// <summary>Opens connections from successive addresses in turn, one after the other, and keeps them until the process is ended.</summary>
    public static void Hold(IPEndPoint server, IPAddress first, int addresses, int count)
    {
        var kept = new List<Socket>();
        for (var i = 0; i < count; i++)
        {
            var connection = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            connection.Bind(new IPEndPoint(Successor(first, i % addresses), FirstPort + (i / addresses)));
            connection.Connect(server);
            kept.Add(connection);
        }

        Console.WriteLine(LoadCommand.Ready);
        Thread.Sleep(Timeout.Infinite);
        GC.KeepAlive(kept);
    }

    /// <summary>An IPv4 address so many behind another.</summary>
    public static IPAddress Successor(IPAddress address, int by)
    {
        var octets = address.GetAddressBytes();
        BinaryPrimitives.WriteUInt32BigEndian(octets, BinaryPrimitives.ReadUInt32BigEndian(octets) + (uint)by);
        return new(octets);
    }
}
