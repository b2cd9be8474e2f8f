using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.Reports;
using Latchkey.Engine;
using Latchkey.Wire;

namespace Latchkey.Daemon.Events;

/// <summary>Why this host and another do not come together, whichever of the two refuses.</summary>
internal static class LastRefusal
{
    private static readonly HashSet<string> Kinds =
        [.. new[] { EventKind.PeerRefused, EventKind.ChildRefused, EventKind.ProposalMismatch, EventKind.NegotiationFailed, EventKind.IkeSaClosed, EventKind.MoveRefused }.Select(kind => ReportBuilder.Name(kind))];

    /// <summary>The newest event that says what would help; several may tell of one failure. Null: none is remembered.</summary>
    /// <param name="peers">Where the other may be.</param>
    public static EventReport? With(IReadOnlyCollection<InetAddress> peers, EventStream events)
    {
        var addresses = peers.Select(peer => peer.ToString()).ToHashSet();
        return events.Past().LastOrDefault(e => e is { Details.Count: > 0, PeerAddress: { } at } && Kinds.Contains(e.Event) && addresses.Contains(at));
    }
}
