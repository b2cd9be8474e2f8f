using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// The leap of faith of RFC 5387 §5.7, made safe: the first key that is let in at an address is pinned there, and a pin moves
/// only to a key that the pinned one vouches for.
/// </summary>
/// <remarks>
/// Record first, then accept: the newcomer is answered when its pin is on stable storage, and refused when it cannot be
/// recorded. In memory the pin binds from the moment of the decision, so that no second key slips in meanwhile.
/// </remarks>
internal sealed class FirstUse(EngineState state)
{
    private readonly Dictionary<InetAddress, Recording> _recording = [];

    /// <param name="Before">What the address had until then.</param>
    /// <param name="Waiting">Called with the time and, when the pin could not be recorded, the reason.</param>
    private sealed record Recording(Pin Pin, Pin? Before, List<Action<TimeSpan, string?>> Waiting);

    /// <summary>Whether a peer must be pinned, or its pin be recorded, before it gets an SA under an entry.</summary>
    public bool MustPin(ProtectEntry entry, PadResult match, InetAddress address) =>
        entry.Trust == TrustLevel.FirstUse && match is PadResult.Btns && (state.Pad.PinAt(address) is null || _recording.ContainsKey(address));

    /// <summary>
    /// The pin that a peer's vouchers let it take over, or null: its key is the successor of the pinned one, and nothing else
    /// stands against it.
    /// </summary>
    public Pin? Inherits(Peering peering, IReadOnlyCollection<KeyVoucher> vouchers)
    {
        var key = peering.Key!.Fingerprint;
        var remote = peering.Pair.Remote;
        if (vouchers.Count == 0 || _recording.ContainsKey(remote) || state.Pad.PinAt(remote) is not { } pin || !KeyVoucher.Leads(pin.Key, key, vouchers))
        {
            return null;
        }

        var heir = new PeerAuthorizationDatabase(state.Policy with { Pins = state.Policy.Pins.With(pin with { Key = key }) });
        return heir.Authorize(peering.Asserted!, key, remote) is PadResult.Refused ? null : pin;
    }

    /// <summary>Has a peer's key recorded for its address before anything else is done for it.</summary>
    /// <param name="inPlaceOf">The pin whose key vouched for this one; null: the address has none.</param>
    /// <param name="then">Called with the time and, when the pin could not be recorded, the reason.</param>
    public void Record(Peering peering, Pin? inPlaceOf, Action<TimeSpan, string?> then)
    {
        var key = peering.Key!;
        var address = peering.Pair.Remote;
        if (_recording.TryGetValue(address, out var underWay))
        {
            // The same key: any other is refused by the pin that binds already.
            underWay.Waiting.Add(then);
            return;
        }

        var pins = state.Policy.Pins;
        var pin = new Pin(address, key.Fingerprint, inPlaceOf?.Origin ?? PinOrigin.FirstUse);
        _recording.Add(address, new Recording(pin, inPlaceOf, [then]));
        state.Adopt(state.Policy with { Pins = pins.With(pin) });
        state.Effects.Add(new RecordPin(pin, key, inPlaceOf?.Key));
    }

    /// <summary>Recognises a key that comes from an address where it was never seen.</summary>
    public void TellMoved(TimeSpan now, Peering peering)
    {
        var key = peering.Key!;
        var places = state.Policy.Pins.PlacesOf(key.Fingerprint);
        if (!places.IsEmpty && !places.Contains(peering.Pair.Remote))
        {
            state.Effects.Raise(EventKind.PeerMoved, now, peering, $"{key} answers at {peering.Remote.Address}: the same key was seen at {string.Join(", ", places)}");
        }
    }

    /// <summary>A peer whose key is pinned to its address is up: the sighting is counted.</summary>
    public void Sighted(Peering peering)
    {
        if (state.Pad.PinAt(peering.Pair.Remote) is { } pin && pin.Key == peering.Key?.Fingerprint)
        {
            state.Effects.Add(new CountSighting(pin.Address, peering.Key));
        }
    }

    /// <summary>The answer to a <see cref="RecordPin"/>.</summary>
    /// <param name="problem">Null: it is recorded, and survives a power cut.</param>
    public void Recorded(TimeSpan now, Pin pin, string? problem)
    {
        if (!_recording.TryGetValue(pin.Address, out var recording) || recording.Pin != pin)
        {
            return;
        }

        _recording.Remove(pin.Address);
        if (problem is null)
        {
            state.Effects.Raise(Told(now, recording));
        }
        else if (state.Policy.Pins.At(pin.Address) == pin)
        {
            var pins = state.Policy.Pins;
            state.Adopt(state.Policy with { Pins = recording.Before is { } before ? pins.With(before) : pins.Without(pin.Address) });
        }

        foreach (var then in recording.Waiting)
        {
            then(now, problem);
        }
    }

    private static EngineEvent Told(TimeSpan now, Recording recording)
    {
        var (pin, before) = (recording.Pin, recording.Before);
        var (kind, text) = before is null
            ? (EventKind.PeerPinned, $"{pin.Key} is pinned to {pin.Address}: it is the first key seen there")
            : (EventKind.KeyRotated, $"the peer at {pin.Address} has a new key {pin.Key}, for which its old key {before.Key} vouches: the pin moves to it");
        return new EngineEvent(kind, now, text) { PeerKey = pin.Key.ToString(), PeerAddress = pin.Address };
    }
}
