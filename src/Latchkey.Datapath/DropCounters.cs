using Latchkey.Contract;

namespace Latchkey.Datapath;

/// <summary>One counter for each reason to drop a packet.</summary>
internal sealed class DropCounters
{
    private readonly long[] _counts = new long[Enum.GetValues<DropReason>().Length];

    public void Count(DropReason reason) => _counts[(int)reason]++;

    public IReadOnlyDictionary<DropReason, long> Snapshot() =>
        Enum.GetValues<DropReason>().ToDictionary(reason => reason, reason => _counts[(int)reason]);
}
