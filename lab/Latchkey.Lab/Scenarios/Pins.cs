using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>What scenarios ask of a daemon that has pinned an address.</summary>
internal static class Pins
{
    /// <summary><c>latchkey peers</c> shows the pin.</summary>
    public static async Task Expect(Stage stage, LatchkeyDaemon daemon, string address, string key, string trust)
    {
        var pins = (await daemon.AskJson("peers")).GetProperty("pins").EnumerateArray().ToList();
        var pin = pins.Where(p => p.GetProperty("address").GetString() == address).Select(p => p.ToString()).FirstOrDefault() ?? "none";
        stage.Check(
            $"the address is pinned to the key ({trust})",
            pins.Exists(p => p.GetProperty("address").GetString() == address && p.GetProperty("key").GetString() == key && p.GetProperty("trust").GetString() == trust),
            pin);
    }

    /// <summary>C vanishes, D calls from its address and is refused, and the old connection's application is told nothing.</summary>
    public static async Task ExpectStrangerRefused(Stage stage, Cast cast)
    {
        await Talker.Listen(cast.W, Cast.NewcomerPort, "server-for-d");
        var rogue = await Talker.Ready(cast.D, cast.W.Address, Cast.NewcomerPort, name: "rogue");
        await cast.CVanishes();
        await cast.DTakesTheAddress();
        await rogue.Go();
        await ExpectRefusal(stage, cast.WDaemon, cast.C.Address);
        await stage.Quietly(TimeSpan.FromSeconds(1));
        Conversation.ExpectUndisturbed(stage, cast.Server, "W's application");
        await cast.ExpectLatch("ESTABLISHED");
        cast.ExpectNoBreak();
    }

    /// <summary>A stranger is refused, and told about: in an event with likely causes, in the log, and by <c>explain</c>.</summary>
    private static async Task ExpectRefusal(Stage stage, LatchkeyDaemon daemon, string address)
    {
        var refused = await daemon.Event(e => e.Kind == "peer_refused", Cast.Soon);
        stage.Check("D is refused", refused is not null, refused?.Text("text") ?? "no refusal");
        var details = refused?.Text("details") ?? "";
        string[] commands = ["latchkey fingerprint", $"latchkey pin {address} --key", $"latchkey forget {address}", $"latchkey unpin {address}"];
        stage.Check("the refusal names likely causes and a command for each", commands.All(c => details.Contains(c, StringComparison.Ordinal)), details);
        var explained = await daemon.Ask("explain", "tcp", address);
        stage.Check("so does explain", commands.All(c => explained.Contains(c, StringComparison.Ordinal)), explained.ReplaceLineEndings(" / "));
        var log = daemon.Log();
        stage.Check("and the log", commands.All(c => log.Contains(c, StringComparison.Ordinal)), $"{log.Length} characters of log");
    }
}
