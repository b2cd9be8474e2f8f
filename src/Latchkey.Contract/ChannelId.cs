namespace Latchkey.Contract;

/// <summary>
/// A channel as the datapath sees it: the set of congruent SAs that a latch holds. Never reused while the daemon runs.
/// In the kernel's datapath it is the <c>reqid</c>.
/// </summary>
public readonly record struct ChannelId(uint Value)
{
    public override string ToString() => $"channel {Value}";
}
