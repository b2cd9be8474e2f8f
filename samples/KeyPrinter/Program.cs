// A server that prints the key of whoever connects, and would rather wait for a peer that was replaced than be reset.
//
//     dotnet run --project samples/KeyPrinter -- PORT [CONTROL-SOCKET]
//
// It needs no privilege: the daemon answers every user about his own sockets.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Latchkey.Client;

if (args is not [var port, .. var rest] || !int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
{
    Console.Error.WriteLine("usage: KeyPrinter PORT [CONTROL-SOCKET]");
    return 2;
}

using var daemon = new LatchClient(rest is [var path] ? path : LatchClient.DefaultPath);
using var listener = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
listener.Bind(new IPEndPoint(IPAddress.IPv6Any, number));
listener.Listen();
try
{
    // Counts for every connection that will be accepted.
    await daemon.DemandOfListenerAsync(listener, new LatchDemand { Disposition = Disposition.Wait });
    var events = TellAsync();
    Console.WriteLine($"listening on port {number}");
    while (!events.IsCompleted)
    {
        _ = ServeAsync(await listener.AcceptAsync());
    }

    await events;
    return 0;
}
catch (LatchException e)
{
    Console.Error.WriteLine($"{e.Problem}\n  {e.Remedy}");
    return 1;
}

async Task TellAsync()
{
    await foreach (var e in daemon.EventsAsync())
    {
        Console.WriteLine($"{e.Event}: {e.Text}");
    }
}

async Task ServeAsync(Socket connection)
{
    using (connection)
    {
        var latch = await daemon.GetLatchAsync(connection);
        var words = latch is { Latched: true, Peer: { } peer, Quality: { } quality }
            ? $"you are {peer.Name ?? "a stranger"} with the key {peer.Key}, protected by {quality.Suite}\n"
            : "you are not protected, and I do not know who you are\n";
        Console.Write($"{latch.Flow.Remote}: {words}");
        await connection.SendAsync(System.Text.Encoding.UTF8.GetBytes(words));

        // Until the client closes. With "wait" a client that was replaced leaves the connection standing until it is back.
        var octets = new byte[4096];
        while (await connection.ReceiveAsync(octets) > 0)
        {
        }
    }
}
