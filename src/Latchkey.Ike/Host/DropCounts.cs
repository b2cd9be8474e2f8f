namespace Latchkey.Ike;

/// <summary>One counter for each reason to drop an IKE datagram. Any thread may count.</summary>
internal sealed class DropCounts
{
    private readonly long[] _counts = new long[Enum.GetValues<IkeDropReason>().Length];

    public void Count(IkeDropReason reason) => Interlocked.Increment(ref _counts[(int)reason]);

    public IReadOnlyDictionary<IkeDropReason, long> Snapshot() =>
        Enum.GetValues<IkeDropReason>().ToDictionary(reason => reason, reason => Interlocked.Read(ref _counts[(int)reason]));
}
