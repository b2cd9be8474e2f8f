using Latchkey.Lab.Applications;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>A TCP connection of a scenario that has more than one.</summary>
/// <param name="Flow">tshark's filter for it.</param>
public sealed record Conversation(Talker Server, Talker Client, string Flow)
{
    /// <summary>The client connects, both say something, and both then wait in recv().</summary>
    /// <param name="name">What checks and logs call it.</param>
    /// <param name="patience">How long its ends may take for each thing; null: ten seconds.</param>
    public static async Task<Conversation> Begin(Stage stage, LabHost server, LabHost client, int port, int clientPort, string name, TimeSpan? patience = null)
    {
        var limit = patience ?? Cast.Soon;
        var listening = await Talker.Listen(server, port, $"{name}-server", limit);
        var calling = await Talker.Ready(client, server.Address, port, clientPort, $"{name}-client", limit);
        await calling.Go();
        await calling.Report("connected");
        await calling.Send(2000);
        await listening.Send(2000);
        var (atServer, atClient) = (await listening.Received(2000, limit), await calling.Received(2000, limit));
        stage.Check($"the {name} connection works, byte for byte", atServer.Matches(atClient), $"{atServer.Received} octets one way, {atClient.Received} the other");
        var prefix = stage.Plan.FilterPrefix;
        return new Conversation(
            listening, calling, $"{prefix}.addr == {server.Address} && {prefix}.addr == {client.Address} && tcp.port == {port} && tcp.port == {clientPort}");
    }

    /// <summary>An end of it is told nothing.</summary>
    public static void ExpectUndisturbed(Stage stage, Talker end, string whose) =>
        stage.Check($"{whose} is not disturbed", end.Failure is null, end.Failure?.ToString() ?? "it still waits in recv()");

    /// <summary>Judges it by the recording, which must have ended.</summary>
    public Task JudgeTheWire(Stage stage, Cast cast, Moment? broken, bool withNewcomer = true) =>
        new NoByteRule(cast.Capture, Flow, cast.W.Nics[0], cast.C.Nics[0], withNewcomer ? cast.D.Nics[0] : null, cast.WDaemon.Keys).Judge(stage, broken, until: null);
}
