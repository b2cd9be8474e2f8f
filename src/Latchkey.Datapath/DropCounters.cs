using Latchkey.Contract;

namespace Latchkey.Datapath;

/// <summary>One counter for each reason to drop a packet. Any thread may count.</summary>
internal sealed class DropCounters
{
    private readonly long[] _counts = new long[Enum.GetValues<DropReason>().Length];

    public void Count(DropReason reason, int packets = 1) => Interlocked.Add(ref _counts[(int)reason], packets);

    public IReadOnlyDictionary<DropReason, long> Snapshot() =>
        Enum.GetValues<DropReason>().ToDictionary(reason => reason, reason => Interlocked.Read(ref _counts[(int)reason]));
}
