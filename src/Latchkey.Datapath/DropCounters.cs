using Latchkey.Contract;

namespace Latchkey.Datapath;

/// <summary>One counter for each reason to drop a packet. Any thread may count.</summary>
internal sealed class DropCounters
{
    private readonly long[] _counts = new long[Enum.GetValues<DropReason>().Length];

    public void Count(DropReason reason, int packets = 1) => Interlocked.Add(ref _counts[(int)reason], packets);

    /// <param name="overflowed">What the device's queue dropped, which the kernel counts.</param>
    public IReadOnlyDictionary<DropReason, long> Snapshot(long overflowed) =>
        Enum.GetValues<DropReason>().ToDictionary(
            reason => reason, reason => reason == DropReason.DeviceQueueFull ? overflowed : Interlocked.Read(ref _counts[(int)reason]));
}
