using System.Net;
using System.Net.Sockets;

namespace Latchkey.Bench.Load;

/// <summary>
/// Answers as soon as it can: a few threads, each of which takes a connection, serves it to its end, and waits in the kernel. A thread
/// made for each connection would compete with whatever carries the next one.
/// </summary>
internal static class EchoServer
{
    private const int Threads = 4;

    /// <summary>Serves until the process is ended.</summary>
    public static void Run(int port)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, port));
        listener.Listen(1024);
        Console.WriteLine(LoadCommand.Ready);
        var serving = Enumerable.Range(0, Threads).Select(_ => new Thread(() => ServeAll(listener))).ToList();
        serving.ForEach(thread => thread.Start());
        serving.ForEach(thread => thread.Join());
    }

    private static void ServeAll(Socket listener)
    {
        while (true)
        {
            Serve(listener.Accept());
        }
    }

    internal static void Serve(Socket connection)
    {
        using (connection)
        {
            connection.NoDelay = true;
            var octets = new byte[64];
            try
            {
                for (int read; (read = connection.Receive(octets)) > 0;)
                {
                    connection.Send(octets.AsSpan(0, read));
                }
            }
            catch (SocketException)
            {
                // The other end has gone; that is its business.
            }
        }
    }
}
