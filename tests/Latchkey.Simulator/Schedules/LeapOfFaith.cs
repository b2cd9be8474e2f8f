using Latchkey.Latching;

namespace Latchkey.Simulator;

/// <summary>
/// In one world of four the hosts trust first use where they would trust anyone, people change pins, and disks are full. Drawn
/// apart from everything else, so that the other worlds are what they would be without it.
/// </summary>
internal static class LeapOfFaith
{
    public static Schedule Take(Schedule schedule, ulong seed)
    {
        var random = new SimulatedRandom(seed).Fork(9);
        if (!random.Chance(0.25))
        {
            return schedule;
        }

        var end = schedule.Actions[^1].At;
        var changes = Enumerable.Range(0, random.Below(4)).Select(_ => Change(random, random.Between(TimeSpan.Zero, end), schedule.World.Hosts.Length)).ToList();
        return schedule with
        {
            World = schedule.World with { Hosts = [.. schedule.World.Hosts.Select(host => host with { Policy = FirstUse(host.Policy) })] },
            Actions =
            [
                .. schedule.Actions
                    .Select(action => action is ChangePolicy change && random.Chance(0.7) ? change with { Policy = FirstUse(change.Policy) } : action)
                    .Concat(changes).OrderBy(action => action.At),
            ],
        };
    }

    private static ScheduledAction Change(SimulatedRandom random, TimeSpan at, int hosts) => random.Chance(0.75)
        ? new ChangePin(at, random.Below(hosts), random.Below(hosts), random.Below(3))
        : new FillDisk(at, random.Below(hosts));

    private static SecurityPolicy FirstUse(SecurityPolicy policy) => policy with
    {
        Protect = [.. policy.Protect.Select(entry => entry.Trust == TrustLevel.Anyone ? entry with { Trust = TrustLevel.FirstUse } : entry)],
    };
}
