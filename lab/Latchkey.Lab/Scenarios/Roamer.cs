using System.Text.Json;
using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// C, a mobile host, with a tunnel to W and a connection in it. It loses the address it began with and goes on from another; later it has
/// the first one again, and returns.
/// </summary>
public sealed class Roamer
{
    public const int InnerPort = 7101;

    private const long Amount = 4L << 20;

    private readonly Stage _stage;
    private readonly LabHost _c;
    private readonly Talker _server;
    private readonly Talker _client;

    private Roamer(Stage stage, LabHost c, LatchkeyDaemon onW, LatchkeyDaemon onC, Talker server, Talker client) =>
        (_stage, _c, OnW, OnC, _server, _client) = (stage, c, onW, onC, server, client);

    public LatchkeyDaemon OnW { get; }

    public LatchkeyDaemon OnC { get; }

    /// <summary>Latchkey runs on both hosts, and the connection stands.</summary>
    /// <param name="ofC">Where C's end may be as C sees it; the first of them is its first card's.</param>
    /// <param name="seen">Where it may be as W sees it.</param>
    public static async Task<Roamer> Depart(Stage stage, LabHost w, string[] ofW, LabHost c, string[] ofC, string[] seen)
    {
        var (innerW, innerC) = stage.Plan.IsIPv6 ? ("fd00:1::1", "fd00:2::7") : ("10.1.0.1", "10.2.0.7");
        await w.Have(innerW);
        await c.Have(innerC);
        var onW = await LatchkeyDaemon.Start(w, Policy(innerW, innerC, ofW, seen) with { ExportKeys = true, Esn = false });
        var onC = await LatchkeyDaemon.Start(c, Policy(innerC, innerW, ofC, ofW));
        stage.Say($"Latchkey runs on W and C, with a tunnel between {innerW} and {innerC}. C is at {string.Join(" or ", ofC)}; W expects it at {string.Join(" or ", seen)}.");
        var server = await Talker.Listen(w, InnerPort, address: innerW);
        var client = await Talker.Ready(c, innerW, InnerPort);
        await client.Go();
        await client.Report("connected", Cast.Soon);
        return new Roamer(stage, c, onW, onC, server, client);
    }

    /// <summary>C loses its first address amid a transfer that goes both ways; from the next one some more is said.</summary>
    /// <param name="there">What W then sees.</param>
    public async Task LeaveFor(Place there)
    {
        await _client.Send(Amount);
        await _server.Send(Amount);
        await _client.Report("heard", Cast.Soon);
        await _c.Namespace.Ip("addr", "del", $"{_c.Address}/{_stage.Plan.PrefixLength}", "dev", _c.Nics[0].Device);
        _stage.Say($"Amid the transfer C loses {_c.Address}.");
        await Expect(OnW, there);
        await _server.Report("sent", Cast.Patience);
        await _client.Report("sent", Cast.Patience);
        await _client.Send(5000);
        await _server.Send(5000);
        await ExpectWhole(Amount + 5000);
    }

    /// <summary>C has its first address again, and a little more is said from there.</summary>
    public async Task ReturnTo(Place there)
    {
        string[] quiet = _stage.Plan.IsIPv6 ? ["nodad"] : [];
        await _c.Namespace.Ip(["addr", "add", $"{_c.Address}/{_stage.Plan.PrefixLength}", "dev", _c.Nics[0].Device, .. quiet]);
        _stage.Say($"C has {_c.Address} again.");
        await Expect(OnW, there);
        await _client.Send(5000);
        await _server.Send(5000);
        await ExpectWhole(Amount + 10_000);
        _stage.Check(
            "no latch broke, and no end was told anything",
            !OnW.Events.Concat(OnC.Events).Any(e => e.Kind == "latch_broken") && _server.Failure is null && _client.Failure is null, $"{OnW.Events.Count} events on W");
    }

    /// <summary>A daemon has one IKE SA, with its peer there.</summary>
    public async Task Expect(LatchkeyDaemon daemon, Place there)
    {
        var seen = "no SA";
        var isThere = await _stage.Until(
            async () =>
            {
                var sas = await daemon.IkeSas();
                seen = string.Join("; ", sas.Select(sa => $"{sa.GetProperty("remote")}, NAT {Nat(sa) ?? "nowhere"}, {string.Join(" and ", Encapsulations(sa))}"));
                return sas is [var one] && one.GetProperty("remote").GetString()!.Contains(there.Remote, StringComparison.Ordinal) && Nat(one) == there.Nat && Encapsulations(one).SequenceEqual([there.Encapsulation]);
            },
            Cast.Soon);
        _stage.Check(there.What, isThere, seen);

        static string? Nat(JsonElement sa) => sa.TryGetProperty("nat", out var sides) ? sides.GetString() : null;

        static IEnumerable<string?> Encapsulations(JsonElement sa) => sa.GetProperty("children").EnumerateArray().Select(child => child.GetProperty("encapsulation").GetString()).Distinct();
    }

    private static DaemonConfiguration Policy(string local, string remote, string[] outerLocal, string[] outerRemote) => new()
    {
        Protect = [new ProtectRule("tunnel") { Local = local, Remote = remote, OuterLocal = outerLocal, OuterRemote = outerRemote, Encapsulation = "esp" }],
    };

    private async Task ExpectWhole(long size)
    {
        var (atW, atC) = (await _server.Received(size, Cast.Patience), await _client.Received(size, Cast.Patience));
        atW = await _server.Count();
        _stage.Check("what was sent arrives, octet for octet", atW.Matches(atC) && atW.Received == size && atC.Received == size, $"{atW.Received} octets to W, {atC.Received} to C");
    }

    /// <summary>How the peer is reached.</summary>
    /// <param name="What">What the check is called.</param>
    /// <param name="Nat">Where a NAT is; null: nowhere.</param>
    public sealed record Place(string What, string Remote, string? Nat, string Encapsulation);
}
