using System.Diagnostics.CodeAnalysis;
using Latchkey.Latching;

namespace Latchkey.Engine;

/// <summary>Effects in the order in which they must be carried out.</summary>
internal sealed class EffectQueue
{
    private readonly Queue<Effect> _effects = new();

    public void Add(Effect effect) => _effects.Enqueue(effect);

    public bool TryTake([NotNullWhen(true)] out Effect? effect) => _effects.TryDequeue(out effect);

    public void Raise(EngineEvent e) => Add(new Raise(e));

    public void Raise(EventKind kind, TimeSpan now, Latch latch, string text) => Raise(new EngineEvent(kind, now, text)
    {
        Latch = latch.Id,
        Flow = latch.Flow,
        Listener = latch.BornFrom,
        State = latch.State,
        Reason = latch.BrokenBy?.ToString() ?? latch.ClosedBy?.ToString(),
        PeerKey = latch.Channel?.PeerKeyText,
        PeerAddress = latch.Flow.Remote,
        Channel = latch.Channel?.Id,
    });

    public void Raise(EventKind kind, TimeSpan now, Peering peering, string text, string? reason = null, IReadOnlyList<string>? details = null) => Raise(new EngineEvent(kind, now, text)
    {
        Reason = reason,
        PeerKey = peering.Key?.Fingerprint.ToString(),
        PeerName = peering.PeerName,
        PeerAddress = peering.Pair.Remote,
        IkeSa = peering.Handle.ToString(),
        Details = details is { Count: > 0 } ? details : null,
    });

    public void Raise(EventKind kind, TimeSpan now, Peering peering, ChildSa child, string text, string? reason = null) => Raise(new EngineEvent(kind, now, text)
    {
        Reason = reason,
        PeerKey = peering.Key?.Fingerprint.ToString(),
        PeerName = peering.PeerName,
        PeerAddress = peering.Pair.Remote,
        Channel = child.Channel.Id,
        IkeSa = peering.Handle.ToString(),
        ChildSa = child.Handle.ToString(),
    });
}
