using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Latchkey.Bench.Load;

/// <summary>Floods and counts.</summary>
internal static class Datagrams
{
    // udp(7)
    private const int SolUdp = 17;
    private const int UdpSegment = 103;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <param name="segments">More than 1: so many datagrams are handed over as one.</param>
    public static void Send(IPEndPoint server, int size, int segments, TimeSpan length)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(server);
        if (segments > 1)
        {
            Span<byte> option = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(option, size);
            socket.SetRawSocketOption(SolUdp, UdpSegment, option);
        }

        var octets = new byte[size * segments];
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < length)
        {
            try
            {
                socket.Send(octets);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.NoBufferSpaceAvailable or SocketError.ConnectionRefused)
            {
                // Full, or the counting is over: flooding goes on until the time is up.
            }
        }
    }

    /// <summary>Prints datagrams a second.</summary>
    public static void Receive(int port, TimeSpan length, TextWriter output)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        output.WriteLine(LoadCommand.Ready);
        output.Flush();
        socket.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        var octets = new byte[65536];
        socket.Receive(octets);
        var (began, count) = (Stopwatch.GetTimestamp(), 0L);
        TimeSpan passed;
        do
        {
            try
            {
                socket.Receive(octets);
                count++;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.TimedOut)
            {
                break;
            }

            passed = Stopwatch.GetElapsedTime(began);
        }
        while (passed < length);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count / Stopwatch.GetElapsedTime(began).TotalSeconds:0.0}"));
    }
}
