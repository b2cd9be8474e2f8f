using Latchkey.Datapath;
using Latchkey.Linux;
using Latchkey.Linux.Protection;

namespace Latchkey.Daemon.Hosting;

/// <summary>Every packet dropped on behalf of protection, by reason: by the datapath, and by the filter in the kernel.</summary>
internal sealed class DropReport(UserDatapath datapath, TrafficProtection protection)
{
    public IReadOnlyDictionary<string, long> Read()
    {
        var drops = RunningDaemon.Named(datapath.Drops);
        if (Filter() is { } filter)
        {
            Add(drops, "clear_in", filter.ClearIn);
            Add(drops, "clear_out", filter.ClearOut);
            Add(drops, "errors_in", filter.ErrorsIn);
            Add(drops, "errors_out", filter.ErrorsOut);
        }

        return drops;
    }

    private static void Add(Dictionary<string, long> drops, string reason, ulong count)
    {
        if (count > 0)
        {
            drops.Add(reason, (long)count);
        }
    }

    /// <summary>Null when somebody took the filter away or nft cannot be asked; the rest is still worth showing.</summary>
    private FilterCounters? Filter()
    {
        try
        {
            return protection.ReadCounters();
        }
        catch (LinuxException)
        {
            return null;
        }
    }
}
