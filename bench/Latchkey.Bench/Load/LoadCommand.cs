using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Latchkey.Bench.Handshakes;
using Latchkey.Wire;

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
        var first = new Argument<string>("first") { Description = "The first of the addresses to connect from" };
        var addresses = new Argument<int>("addresses") { Description = "How many there are" };

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
        var keep = new Command("keep", "Take TCP connections and keep them") { port };
        keep.SetAction(given => Crowd.Keep(given.GetValue(port)));
        var hold = new Command("hold", "Open TCP connections and keep them") { address, port, first, addresses, count };
        hold.SetAction(given => Told(() => Crowd.Hold(To(given), IPAddress.Parse(given.GetRequiredValue(first)), given.GetValue(addresses), given.GetValue(count))));
        var local = new Argument<string>("local");
        var atOnce = new Argument<int>("at-once") { Description = "IKE SAs that are being made at any time" };
        var method = new Argument<string>("method") { Description = string.Join(", ", Methods.All) };
        var secret = new Argument<string>("secret");
        var handshakes = new Command("handshakes", "Make IKE SAs with a Child SA and delete them; tells the seconds it took") { local, address, count, atOnce, method, secret };
        handshakes.SetAction(given =>
        {
            using var initiator = new Initiator(
                InetAddress.Parse(given.GetRequiredValue(local)), InetAddress.Parse(given.GetRequiredValue(address)), given.GetRequiredValue(method), given.GetRequiredValue(secret));
            Console.WriteLine(initiator.Make(given.GetValue(count), given.GetValue(atOnce)).ToString(CultureInfo.InvariantCulture));
        });
        return new Command("load", "Make traffic; used by 'compare' and 'handshakes'") { echo, ask, connect, send, receive, keep, hold, handshakes };

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
