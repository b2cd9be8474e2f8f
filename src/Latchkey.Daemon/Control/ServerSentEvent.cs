using System.Text.Json;
using Latchkey.Daemon.Events;
using Latchkey.Daemon.Reports;

namespace Latchkey.Daemon.Control;

/// <summary>Events as a stream of server-sent events has them.</summary>
internal static class ServerSentEvent
{
    public static string Of(EventReport report) =>
        $"id: {report.Seq}\nevent: {report.Event}\ndata: {JsonSerializer.Serialize(report, ReportJson.Compact.EventReport)}\n\n";

    /// <summary>The last of a listener that was too slow.</summary>
    public static string Dropped(SlowListenerException e) =>
        $"event: dropped\ndata: {JsonSerializer.Serialize(new ErrorReport(e.Message, "ask again with after=SEQ"), ReportJson.Compact.ErrorReport)}\n\n";
}
