using System.Diagnostics.CodeAnalysis;
using Latchkey.Latching;

namespace Latchkey.Engine;

/// <summary>Effects in the order in which they must be carried out.</summary>
internal sealed class EffectQueue
{
    private readonly Queue<Effect> _effects = new();

    /// <summary>Effects that come before the rest of the queue, being made one by one.</summary>
    private IEnumerator<Effect>? _later;

    public void Add(Effect effect) => _effects.Enqueue(effect);

    /// <summary>Effects that are decided on, and made when their turn comes. They must not read what may change until then.</summary>
    public void AddLater(IEnumerator<Effect> effects) => Add(new Later(effects));

    public bool TryTake([NotNullWhen(true)] out Effect? effect)
    {
        do
        {
            if (_later?.MoveNext() == true)
            {
                effect = _later.Current;
                return true;
            }

            _later = null;
            if (!_effects.TryDequeue(out effect))
            {
                return false;
            }

            _later = (effect as Later)?.Effects;
        }
        while (_later is not null);
        return true;
    }

    public void Raise(EngineEvent e) => Add(new Raise(e));

    public void Raise(EventKind kind, TimeSpan now, Latch latch, string text) => Raise(EventOf(kind, now, latch, text));

    public static EngineEvent EventOf(EventKind kind, TimeSpan now, Latch latch, string text) => new(kind, now, text)
    {
        Latch = latch.Id,
        Flow = latch.Flow,
        Listener = latch.BornFrom,
        State = latch.State,
        Reason = ReasonOf(latch),
        PeerKey = latch.Channel?.PeerKeyText,
        PeerAddress = latch.Path.Remote,
        Channel = latch.Channel?.Id,
    };

    public static string? ReasonOf(Latch latch) => latch.BrokenBy?.ToString() ?? latch.ClosedBy?.ToString();

    public void Raise(EventKind kind, TimeSpan now, Peering peering, string text, string? reason = null, IReadOnlyList<string>? details = null) => Raise(new EngineEvent(kind, now, text)
    {
        Reason = reason,
        PeerKey = peering.Key?.Fingerprint.ToString(),
        PeerName = peering.PeerName,
        PeerAddress = peering.Remote.Address,
        IkeSa = peering.Handle.ToString(),
        Details = details is { Count: > 0 } ? details : null,
    });

    /// <summary>As <see cref="Raise(EventKind, TimeSpan, Peering, string, string?, IReadOnlyList{string}?)"/>, for what the peer can bring about as often as it likes.</summary>
    public void RaiseRefusal(EventKind kind, TimeSpan now, Peering peering, string text, string reason, IReadOnlyList<string>? details = null)
    {
        if (peering.Refusals.Next(now, text) is { } told)
        {
            Raise(kind, now, peering, told, reason, details);
        }
    }

    public void Raise(EventKind kind, TimeSpan now, Peering peering, ChildSa child, string text, string? reason = null) => Raise(new EngineEvent(kind, now, text)
    {
        Reason = reason,
        PeerKey = peering.Key?.Fingerprint.ToString(),
        PeerName = peering.PeerName,
        PeerAddress = peering.Remote.Address,
        Channel = child.Channel.Id,
        IkeSa = peering.Handle.ToString(),
        ChildSa = child.Handle.ToString(),
    });

    private sealed record Later(IEnumerator<Effect> Effects) : Effect;
}
