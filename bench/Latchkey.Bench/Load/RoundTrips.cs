using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Latchkey.Lab.Stories;

namespace Latchkey.Bench.Load;

/// <summary>Measures latency from a program's point of view, against an <see cref="EchoServer"/>.</summary>
internal static class RoundTrips
{
    /// <summary>Asks and waits for the answer, again and again; prints p50 and p99 in microseconds.</summary>
    public static void Ask(IPEndPoint server, TimeSpan length, TextWriter output)
    {
        WarmUp();
        using var connection = Open(server);
        var times = new List<double>();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < length)
        {
            var before = Stopwatch.GetTimestamp();
            AskOnce(connection);
            times.Add(Stopwatch.GetElapsedTime(before).TotalMicroseconds);
        }

        Print(times, output);
    }

    /// <summary>
    /// Opens connections one after the other, asks once on each, and has it closed by both ends before the next; prints p50 and p99 of
    /// connect(2) in microseconds. Otherwise the packets that close one would go ahead of the next one's SYN.
    /// </summary>
    public static void Connect(IPEndPoint server, int count, TextWriter output)
    {
        WarmUp();
        Print(Connections(server, count), output);
    }

    /// <summary>What <see cref="Ask"/> and <see cref="Connect"/> print.</summary>
    public static (double P50, double P99) Read(string output) =>
        output.Split(' ', StringSplitOptions.TrimEntries) is [var p50, var p99]
            ? (double.Parse(p50, CultureInfo.InvariantCulture), double.Parse(p99, CultureInfo.InvariantCulture))
            : throw new FormatException($"no times: {output}");

    private static void Print(List<double> times, TextWriter output)
    {
        times.Sort();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Distribution.Percentile(times, 0.5):0.0} {Distribution.Percentile(times, 0.99):0.0}"));
    }

    private static List<double> Connections(IPEndPoint server, int count)
    {
        var times = new List<double>(count);
        for (var i = 0; i < count; i++)
        {
            var before = Stopwatch.GetTimestamp();
            using var connection = Open(server);
            times.Add(Stopwatch.GetElapsedTime(before).TotalMicroseconds);
            AskOnce(connection);
            connection.Shutdown(SocketShutdown.Send);
            connection.Receive(new byte[1]);
        }

        return times;
    }

    private static void AskOnce(Socket connection)
    {
        Span<byte> octet = [0];
        connection.Send(octet);
        if (connection.Receive(octet) != 1)
        {
            throw new InvalidOperationException("the server closed the connection");
        }
    }

    private static Socket Open(IPEndPoint server)
    {
        var connection = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        connection.Connect(server);
        return connection;
    }

    /// <summary>The first connection that is measured must not wait for the just-in-time compiler.</summary>
    private static void WarmUp()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepting = Task.Run(() =>
        {
            for (var i = 0; i < 20; i++)
            {
                EchoServer.Serve(listener.AcceptSocket());
            }
        });
        Connections((IPEndPoint)listener.LocalEndpoint, 20);
        accepting.Wait();
    }
}
