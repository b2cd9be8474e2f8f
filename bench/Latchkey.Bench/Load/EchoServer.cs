using System.Net;
using System.Net.Sockets;

namespace Latchkey.Bench.Load;

/// <summary>Answers as soon as it can: a thread for each connection, which waits in the kernel.</summary>
internal static class EchoServer
{
    /// <summary>Serves until the process is ended.</summary>
    public static void Run(int port)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, port));
        listener.Listen(1024);
        Console.WriteLine(LoadCommand.Ready);
        while (true)
        {
            var connection = listener.Accept();
            new Thread(() => Serve(connection)) { IsBackground = true }.Start();
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
