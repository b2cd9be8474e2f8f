using System.CommandLine;
using System.Net;
using System.Net.Sockets;

namespace Latchkey.Bench.Load;

/// <summary><c>load</c>: the programs that make and take traffic; the comparison starts them inside the namespaces.</summary>
internal static class LoadCommand
{
    /// <summary>A server says this when it can be reached.</summary>
    public const string Ready = "ready";

    public static Command Create()
    {
        var address = new Argument<string>("address");
        var port = new Argument<int>("port");
        var size = new Argument<int>("size") { Description = "Octets of a datagram" };
        var segments = new Argument<int>("segments") { Description = "Datagrams handed to the kernel at once (UDP_SEGMENT)" };
        var seconds = new Argument<double>("seconds");
        var count = new Argument<int>("count");

        var echo = new Command("echo", "Answer every octet of every TCP connection with itself") { port };
        echo.SetAction(given => EchoServer.Run(given.GetValue(port)));
        var ask = new Command("ask", "Measure round trips of one octet over one TCP connection") { address, port, seconds };
        ask.SetAction(given => Told(() => RoundTrips.Ask(To(given), TimeSpan.FromSeconds(given.GetValue(seconds)), Console.Out)));
        var connect = new Command("connect", "Measure how long TCP connections take to be set up, one after the other") { address, port, count };
        connect.SetAction(given => Told(() => RoundTrips.Connect(To(given), given.GetValue(count), Console.Out)));
        var send = new Command("send", "Send datagrams as fast as the kernel takes them") { address, port, size, segments, seconds };
        send.SetAction(given => Told(() => Datagrams.Send(To(given), given.GetValue(size), given.GetValue(segments), TimeSpan.FromSeconds(given.GetValue(seconds)))));
        var receive = new Command("receive", "Count the datagrams that arrive, from the first one on") { port, seconds };
        receive.SetAction(given => Datagrams.Receive(given.GetValue(port), TimeSpan.FromSeconds(given.GetValue(seconds)), Console.Out));
        return new Command("load", "Make traffic; used by 'compare'") { echo, ask, connect, send, receive };

        // What the network refuses is a finding, and no fault of this program.
        static int Told(Action action)
        {
            try
            {
                action();
                return 0;
            }
            catch (SocketException e)
            {
                Console.Error.WriteLine(e.Message);
                return 1;
            }
        }

        IPEndPoint To(ParseResult given) => new(IPAddress.Parse(given.GetRequiredValue(address)), given.GetValue(port));
    }
}
