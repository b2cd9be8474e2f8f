using System.Text.Json;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// A stranger with an address of his own sends W messages that no peer should send, built by scapy, and scans W with ike-scan.
/// Each has a clear answer, or is dropped and counted; C and W notice nothing.
/// </summary>
public sealed class X1hHostileMessages : Scenario
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public override string Id => "X1h";

    public override string Title => "Hostile IKE messages built by scapy, with the keys of a half-open SA too, and ike-scan's probes: each answered clearly, or counted";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD);
        var stranger = await stage.Laboratory.Host("stranger", cast.Wire, 66);
        await stranger.Nics[0].Plug();
        await cast.Converse();
        var before = await cast.WDaemon.AskJson("status");
        var pid = before.GetProperty("pid").GetInt32();
        var useBefore = ProcessUse.Of(pid);

        await Messages(stage, cast, stranger);
        if (!stage.Plan.IsIPv6)
        {
            // It knows IPv4 only.
            await Scan(stage, stranger, cast.W.Address);
        }

        await cast.Client.Send(20_000);
        await cast.Server.Send(20_000);
        await cast.ExpectWhole(25_000, 23_000);
        await cast.ExpectLatch("ESTABLISHED");
        cast.ExpectNoBreak();
        var after = await cast.WDaemon.AskJson("status");
        stage.Check("the daemon is still the same process", after.GetProperty("pid").GetInt32() == pid, $"pid {pid}");
        var use = ProcessUse.Of(pid);
        stage.Check("the daemon's memory is bounded", use.PeakMebibytes - useBefore.ResidentMebibytes < 64, $"{useBefore.ResidentMebibytes:0} MiB before, {use.PeakMebibytes:0} MiB at most");
        var log = cast.WDaemon.Log();
        stage.Check("the log shows no exception", !log.Contains("Exception", StringComparison.Ordinal), $"{log.Split('\n').Length} lines of log");
        await cast.JudgeTheWire(broken: null, withNewcomer: false);
    }

    private static async Task Messages(Stage stage, Cast cast, LabHost stranger)
    {
        var drops = Drops(await cast.WDaemon.AskJson("status"));
        var result = await stranger.Try(Limit, stranger.App("messages.py", stranger.Address, cast.W.Address));
        var messages = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        stage.Check("every hostile message was sent", result.Status == 0 && messages.Count > 0, result.Status == 0 ? $"{messages.Count} messages" : result.Complaint.Trim());
        var odd = messages.Where(message => !message.GetProperty("expected").GetBoolean()).Select(message => $"{message.GetProperty("message")}: {message.GetProperty("answer")}").ToList();
        stage.Check("each has the answer that the standard wants, or none", odd.Count == 0, odd.Count == 0 ? $"{messages.Count} as expected" : string.Join("; ", odd));
        var silent = messages.Count(message => message.GetProperty("answer").GetString() == "nothing");
        var counted = Drops(await cast.WDaemon.AskJson("status")) - drops;
        stage.Check("what had no answer was counted", counted >= silent, $"{silent} without an answer, {counted} drops counted");
    }

    private static async Task Scan(Stage stage, LabHost stranger, string target)
    {
        var version2 = await stranger.Try(Limit, "ike-scan", "--ikev2", target);
        stage.Check("ike-scan's IKEv2 probe is told why it is refused", version2.Output.Contains("NO_PROPOSAL_CHOSEN", StringComparison.OrdinalIgnoreCase) || version2.Output.Contains("NO-PROPOSAL-CHOSEN", StringComparison.OrdinalIgnoreCase), LineAbout(version2.Output, target));
        foreach (var (mode, option) in new[] { ("main", "--retry=1"), ("aggressive", "--aggressive") })
        {
            var version1 = await stranger.Try(Limit, "ike-scan", option, "--retry=1", target);
            stage.Check($"ike-scan's IKEv1 probe ({mode} mode) gets no answer", !version1.Output.Contains($"{target}\t", StringComparison.Ordinal), LineAbout(version1.Output, target));
        }
    }

    private static string LineAbout(string output, string target) =>
        output.Split('\n').FirstOrDefault(line => line.StartsWith(target, StringComparison.Ordinal))?.Trim() ?? "it says nothing about W";

    private static long Drops(JsonElement status) => status.GetProperty("ike_drops").EnumerateObject().Sum(counter => counter.Value.GetInt64());
}
