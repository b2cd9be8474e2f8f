using System.Text;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>What a person needs to understand a failing schedule and to play it again.</summary>
public static class FailureReport
{
    /// <param name="kept">Places of the actions that suffice, from <see cref="Shrinker"/>.</param>
    /// <param name="replay">The command line that plays it, without the variables.</param>
    /// <param name="lines">How much of the end of the trace to show.</param>
    public static string Write(ulong seed, IReadOnlyList<int> kept, string replay, int lines)
    {
        ArgumentNullException.ThrowIfNull(kept);
        var whole = ScheduleGenerator.Generate(seed);
        var schedule = whole.Keep(kept);
        var failure = ScheduleRun.Play(schedule);
        var text = new StringBuilder();
        text.AppendLine($"seed {seed} fails: {failure?.Exception.Message ?? "no longer, which means that the simulator is not deterministic"}");
        text.AppendLine($"play it again: LATCHKEY_SEED={seed} LATCHKEY_KEEP={string.Join(',', kept)} {replay}");
        text.AppendLine();
        text.AppendLine($"hosts: {string.Join(", ", schedule.World.Hosts.Select(h => $"{h.Name} {h.Address}{(h.RunsLatchkey ? "" : " (plain)")}"))}");
        text.AppendLine($"policy: trust {schedule.World.Hosts[0].Policy.Protect[0].Trust}, on_break {schedule.World.Hosts[0].Policy.Protect[0].DispositionFor(IpProtocol.Tcp)}");
        text.AppendLine($"known: {string.Join(", ", schedule.World.Hosts[0].Policy.Peers.Select(peer => peer.Name))}");
        text.AppendLine($"network: {schedule.World.Network}; newcomers {(schedule.NewcomersStay ? "stay" : "leave")} at the end");
        text.AppendLine($"lifetimes: IKE {schedule.World.Engine.Ike.IkeLifetime}, child {schedule.World.Engine.Ike.ChildLifetime}, proof {schedule.World.Engine.Ike.AuthenticationLifetime?.ToString() ?? "unlimited"}");
        text.AppendLine();
        text.AppendLine($"{kept.Count} of {whole.Actions.Length} actions:");
        foreach (var action in schedule.Actions)
        {
            text.AppendLine($"    {action}");
        }

        text.AppendLine();
        text.AppendLine("what happened:");
        foreach (var line in (failure?.Trace ?? []).TakeLast(lines))
        {
            text.AppendLine(line);
        }

        if (failure is { Exception: not InvariantViolatedException })
        {
            text.AppendLine(failure.Exception.ToString());
        }

        return text.ToString();
    }
}
