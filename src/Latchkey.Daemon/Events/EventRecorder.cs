using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.Logging;
using Latchkey.Engine;
using Microsoft.Extensions.Logging;

namespace Latchkey.Daemon.Events;

/// <summary>Where every event goes: the stream for those who listen, the log as one line, the metrics as a number.</summary>
internal sealed class EventRecorder(EventStream stream, ReportBuilder reports, DaemonMetrics metrics, ILogger log)
{
    public void Record(EngineEvent e)
    {
        var report = stream.Publish(reports.Event(e));
        metrics.Count(e, report);
        var details = report.Details is { Count: > 0 } facts ? $" [{string.Join("; ", facts)}]" : "";
        if (IsAlarming(e.Kind))
        {
            log.AlarmingEvent(report.Event, report.Text, details);
        }
        else
        {
            log.Event(report.Event, report.Text, details);
        }
    }

    private static bool IsAlarming(EventKind kind) => kind
        is EventKind.LatchBroken or EventKind.PeerReplaced or EventKind.PeerRefused or EventKind.ChildRefused
        or EventKind.NegotiationFailed or EventKind.ProposalMismatch or EventKind.KeyExportOn or EventKind.Degraded
        or EventKind.ClearRefused or EventKind.ReloadRefused or EventKind.JournalRefused;
}
