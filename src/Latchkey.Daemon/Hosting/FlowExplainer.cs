using System.Globalization;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Reports;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>Says in sentences how flows are treated.</summary>
internal static class FlowExplainer
{
    /// <param name="latches">Those whose flows match the query.</param>
    /// <param name="clear">Flows in clear that match the query.</param>
    /// <param name="refusal">The last one, of either side by the other, between this host and the flows' peers, if it is remembered.</param>
    public static ExplainReport Explain(FlowQuery query, SecurityPolicy policy, IReadOnlyList<LatchReport> latches, IReadOnlyList<ClearFlowReport> clear, EventReport? refusal = null)
    {
        var entries = policy.Protect.Where(query.MayBeCoveredBy).ToList();
        var peers = query.PeersIn(policy);
        return new(
            query.ToString(),
            entries.Count > 0,
            [.. entries.Select(e => e.Name)],
            latches,
            [.. Policy(query, entries, latches), .. peers.SelectMany(peer => Owners(peer, policy)), .. peers.SelectMany(peer => Pins(peer, policy)), .. Latches(entries, latches, clear), .. Refusal(refusal)]);
    }

    private static IEnumerable<string> Policy(FlowQuery query, List<ProtectEntry> entries, IReadOnlyList<LatchReport> latches)
    {
        if (entries.Count == 0 && latches.Count > 0)
        {
            yield return $"{query}: no [[protect]] entry covers it any more. A new flow is bypassed; those with a latch never go in clear while their sockets live.";
        }
        else if (entries.Count == 0)
        {
            yield return $"{query}: no [[protect]] entry covers it. It is bypassed, and travels as if Latchkey were not there.";
        }

        foreach (var entry in entries)
        {
            yield return $"{query}: {PolicyExplanation.Of(entry)}";
        }
    }

    private static IEnumerable<string> Owners(InetAddress peer, SecurityPolicy policy) =>
        policy.Peers.Where(p => p.Owns(peer)).Select(p => p.ProvesNothing
            ? $"Whoever is at {peer} need prove nothing ([[peer]] \"{p.Name}\", auth = \"null\"): flows with it are encrypted and never latched."
            : $"{peer} belongs to the known peer \"{p.Name}\": only its key {p.Key} is accepted there.");

    private static IEnumerable<string> Pins(InetAddress peer, SecurityPolicy policy)
    {
        if (new PeerAuthorizationDatabase(policy).PinAt(peer) is { } pin)
        {
            var origin = pin.Origin == PinOrigin.Person ? "by a person" : "because it was the first key seen there";
            yield return $"{pin.Address} is pinned to {pin.Key}, {origin}: no other key is accepted there.";
        }
    }

    private static IEnumerable<string> Refusal(EventReport? refusal) => refusal is null
        ? []
        : [$"At {refusal.At:yyyy-MM-dd HH:mm:ss} UTC {refusal.Text}.", .. (refusal.Details ?? []).Select(line => $"  {line}")];

    private static IEnumerable<string> Latches(List<ProtectEntry> entries, IReadOnlyList<LatchReport> latches, IReadOnlyList<ClearFlowReport> clear)
    {
        if (entries.Count > 0 && latches.Count + clear.Count == 0)
        {
            yield return "No such flow is latched now; the first packet of one starts a negotiation, and waits for it.";
        }

        foreach (var latch in latches)
        {
            yield return $"Latch {latch.Id}, {latch.Flow}, {State(latch)}";
        }

        foreach (var flow in clear)
        {
            yield return $"{flow.Flow} goes in clear since {Time(flow.Since)}, because its host had never spoken IPsec; it stays so until its socket is closed.";
        }
    }

    private static string Time(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string State(LatchReport latch)
    {
        var since = Time(latch.Since);
        var peer = latch.PeerName is { } name ? $"\"{name}\" ({latch.PeerKey})" : latch.PeerKey;
        return latch.State switch
        {
            "ESTABLISHED" => $"is ESTABLISHED since {since}: tied to {peer}, protected by {latch.Protection} in {latch.Mode} mode.{Kept(latch)}",
            "UNLATCHED" => $"is encrypted since {since} ({latch.Protection}) and not latched: {(latch.PeerName is { } at ? $"whoever is at \"{at}\"" : "its peer")} proved nothing (NULL, RFC 7619).",
            "BROKEN" => $"is BROKEN since {since} ({latch.Reason}): it was tied to {peer}, and not one octet of it moves any more.",
            "LARVAL" => $"is LARVAL since {since}: its packets wait while a peer is found and authenticated.",
            "LISTENER" => $"is a LISTENER since {since}: it waits for connections.",
            _ => $"is {latch.State} since {since}{(latch.Reason is { } reason ? $" ({reason})" : "")}: nothing of it moves.",
        };
    }

    private static string Kept(LatchReport latch) =>
        latch.KeepsPolicy == true ? " The policy was changed and says something else; it keeps the one it had, until its socket is closed." : "";
}
