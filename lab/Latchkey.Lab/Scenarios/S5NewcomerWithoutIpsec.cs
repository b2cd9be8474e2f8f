using System.Globalization;
using System.Text.RegularExpressions;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>D knows nothing of IPsec and even tries to reset the connection in clear. It ends as with a pulled cable, never with a reset.</summary>
public sealed partial class S5NewcomerWithoutIpsec : Scenario
{
    public override string Id => "S5";

    public override string Title => "D does no IPsec: its clear RST is dropped and counted; the connection ends in ETIMEDOUT, never in a reset";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD);
        // Four retransmissions instead of fifteen: W's TCP gives up after some six seconds instead of as many minutes.
        await cast.W.Namespace.Sysctl("net.ipv4.tcp_retries2=4");
        await cast.Converse();
        var sequence = await cast.Client.NextSequence();
        var before = await cast.Server.Count();
        await cast.CVanishes();
        var there = await cast.DTakesTheAddress();

        await cast.Server.Send(1000);
        stage.Say("D sends a reset and a data segment in clear, with the one sequence number W's TCP would believe.");
        foreach (var what in new[] { "data", "rst", "rst" })
        {
            await cast.D.Run(cast.D.App("forge.py", "segment", cast.D.Address, $"{Cast.ClientPort}", cast.W.Address, $"{Cast.Port}", $"{sequence}", what));
        }

        var dropped = CountedPackets().Matches(await cast.W.Run("nft", "list", "counters")).Sum(match => long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
        stage.Check("W drops them by policy, and counts them", dropped >= 3, $"{dropped} packets counted by nftables");
        stage.Check("W's application does not notice", cast.Server.Failure is null, cast.Server.Failure?.ToString() ?? "it still waits in recv()");
        var after = await cast.Server.Count();
        stage.Check("none of D's octets reached it", after.ReceivedDigest == before.ReceivedDigest, $"{after.Received} octets, as before");
        await cast.Expect("ETIMEDOUT", cast.Server, there, TimeSpan.FromSeconds(60));
        stage.TimeToNotice = null;
        cast.ExpectNoBreak();

        await cast.JudgeTheWire(broken: null, forger: cast.D);
    }

    [GeneratedRegex(@"packets (\d+) bytes")]
    private static partial Regex CountedPackets();
}
