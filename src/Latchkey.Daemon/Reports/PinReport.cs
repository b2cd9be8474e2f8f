using Latchkey.Daemon.State;
using Latchkey.Latching;

namespace Latchkey.Daemon.Reports;

/// <summary>One key, and no other, speaks for one address.</summary>
/// <param name="Trust">Who decided: <c>first-use</c> (it was the first one there) or <c>pinned</c> (a person).</param>
/// <param name="FirstSeen">UTC; absent when the key was never seen there.</param>
/// <param name="LastSeen">UTC; absent when the key was never seen there.</param>
/// <param name="Count">IKE SAs the key made from there.</param>
public sealed record PinReport(string Address, string Key, string Trust, DateTime? FirstSeen, DateTime? LastSeen, long Count)
{
    public static PinReport From(PinRecord record) => new(
        record.Pin.Address.ToString(),
        record.Pin.Key.ToString(),
        record.Pin.Origin == PinOrigin.Person ? "pinned" : "first-use",
        record.FirstSeen,
        record.LastSeen,
        record.Count);
}

/// <summary>What became of <c>latchkey pin</c>, <c>unpin</c> and <c>forget</c>.</summary>
/// <param name="Key">The key that is pinned now, or was until now; absent when there was none.</param>
/// <param name="Closed">Latches that were closed because their peer is no longer authorised.</param>
/// <param name="Text">What was done, in one sentence.</param>
public sealed record PinChangeReport(string Address, string? Key, int Closed, string Text);
