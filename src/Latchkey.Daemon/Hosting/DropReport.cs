using Latchkey.Datapath;
using Latchkey.Linux;
using Latchkey.Linux.Protection;

namespace Latchkey.Daemon.Hosting;

/// <summary>Every packet dropped on behalf of protection, by reason: by the datapath, and by the filter and the sockets in the kernel.</summary>
internal sealed class DropReport(UserDatapath datapath, HostNetwork network)
{
    public IReadOnlyDictionary<string, long> Read()
    {
        var drops = RunningDaemon.Named(datapath.Drops);
        Add(drops, "receive_buffer_full", (ulong)(network.Port500.Overflowed + network.Port4500.Overflowed + network.Esp.Overflowed));
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
            return network.Protection.ReadCounters();
        }
        catch (LinuxException)
        {
            return null;
        }
    }
}
