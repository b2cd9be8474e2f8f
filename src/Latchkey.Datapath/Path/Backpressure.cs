using Latchkey.Contract;

namespace Latchkey.Datapath;

/// <summary>
/// The device is not read while a way out is full: what waits, waits in the kernel's queue, which is bounded and which
/// local senders feel. A way that takes nothing for longer than the others can be kept waiting is not waited for until
/// it takes again; what goes there meanwhile is refused by it, and counted.
/// </summary>
internal sealed class Backpressure(OuterLinks links, TimeSpan patience)
{
    private readonly Way[] _ways = [.. links.All.Select(pair => new Way(pair.Link))];

    /// <summary>Waits until no way is full that is waited for.</summary>
    /// <returns>False when one still is.</returns>
    public bool Wait(int timeoutMilliseconds, TimeSpan now)
    {
        foreach (var way in _ways)
        {
            if (way.Link.WaitForRoom(way.IsGivenUp(now, patience) ? 0 : timeoutMilliseconds))
            {
                way.FullSince = null;
                continue;
            }

            way.FullSince ??= now;
            if (!way.IsGivenUp(now, patience))
            {
                return false;
            }
        }

        return true;
    }

    private sealed class Way(IPacketLink link)
    {
        public IPacketLink Link => link;

        public TimeSpan? FullSince { get; set; }

        public bool IsGivenUp(TimeSpan now, TimeSpan patience) => now - FullSince >= patience;
    }
}
