using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.Reports;
using Latchkey.Engine;
using Latchkey.Wire;

namespace Latchkey.Daemon.Events;

/// <summary>Why this host and another do not come together, whichever of the two refuses.</summary>
internal static class LastRefusal
{
    private static readonly HashSet<string> Kinds =
        [.. new[] { EventKind.PeerRefused, EventKind.ChildRefused, EventKind.ProposalMismatch, EventKind.NegotiationFailed, EventKind.IkeSaClosed }.Select(kind => ReportBuilder.Name(kind))];

    /// <summary>The newest event that says what would help; several may tell of one failure. Null: none is remembered.</summary>
    public static EventReport? With(InetAddress remote, EventStream events) =>
        events.Past().LastOrDefault(e => e is { Details.Count: > 0 } && Kinds.Contains(e.Event) && e.PeerAddress == remote.ToString());
}
