using Latchkey.Daemon.Journal;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Linux.Netlink;

namespace Latchkey.Daemon.Hosting;

/// <summary>
/// Takes over from the daemon before this one: latches live on, flows in clear too, and a connection of which nobody knows whom
/// it was latched to is reset. Before the first packet is read, or it would be latched to whoever answers now.
/// </summary>
internal static class Succession
{
    /// <param name="birthCertificates">Peers are told which life of this host speaks.</param>
    public static async Task TakeOverAsync(DaemonCore core, LastingState lasting, HostNetwork network, bool birthCertificates)
    {
        Judge(lasting.Left, core.Tell);
        var sockets = InetDiag.Require(SocketWatch.Sockets);
        var latches = SocketCensus.Living(lasting.Left.Latches, sockets);
        var lost = await core.Loop.AskAsync((engine, now) => Adopt(engine, now, latches, sockets, core, network), CancellationToken.None).ConfigureAwait(false);
        if (lost)
        {
            // Nothing is left of what our peers hold latched: a new life, so that they learn it.
            lasting.Memory.Birth.BeginAnew();
        }

        if (birthCertificates)
        {
            await core.Loop.AskAsync((engine, now) => engine.Birth = lasting.Memory.Birth.Certificate(now), CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static void Judge(JournalReading left, Action<EventKind, string> tell)
    {
        if (left is JournalReading.Refused { Why: var why })
        {
            tell(EventKind.JournalRefused, $"the latch journal is refused: {why}; connections older than this daemon are reset");
        }
        else if (left is JournalReading.Found { Cut: > 0 and var cut })
        {
            tell(EventKind.Repaired, $"the latch journal ended in the middle of a record ({cut} octets), which had taken no effect yet and was cut off");
        }
    }

    /// <returns>Whether every latch of an earlier daemon is lost.</returns>
    private static bool Adopt(
        LatchEngine engine, TimeSpan now, IReadOnlyCollection<LatchRecord> latches, IReadOnlyList<SocketEntry> sockets, DaemonCore core, HostNetwork network)
    {
        engine.RestoreLatches(now, latches);
        var left = network.Protection.LeftInClear;
        engine.AdoptClearFlows(now, left.Except(SocketCensus.Missing(left, sockets)), byUs: true);
        if (!network.Protection.WasUp)
        {
            engine.AdoptClearFlows(now, SocketCensus.Connections(sockets), byUs: false);
        }

        foreach (var gone in left.Except(engine.ClearFlows().Select(f => f.Flow)))
        {
            core.Clear.Close(gone);
        }

        var lost = engine.CloseOrphans(now, SocketCensus.Connections(sockets), network.Held);
        engine.HandleListeners(now, SocketCensus.Listeners(sockets));
        return lost;
    }
}
