using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>Every pin, and at which addresses each key was ever pinned. Immutable: a change makes a new set.</summary>
public sealed class PinSet
{
    private readonly ImmutableDictionary<InetAddress, Pin> _pins;
    private readonly ImmutableDictionary<KeyFingerprint, ImmutableSortedSet<InetAddress>> _places;

    private PinSet(ImmutableDictionary<InetAddress, Pin> pins, ImmutableDictionary<KeyFingerprint, ImmutableSortedSet<InetAddress>> places)
    {
        _pins = pins;
        _places = places;
    }

    public static PinSet Empty { get; } = new(
        ImmutableDictionary<InetAddress, Pin>.Empty, ImmutableDictionary<KeyFingerprint, ImmutableSortedSet<InetAddress>>.Empty);

    public int Count => _pins.Count;

    public IEnumerable<Pin> All => _pins.Values;

    public Pin? At(InetAddress address) => _pins.GetValueOrDefault(address);

    /// <summary>Addresses where a key is or was pinned, in order.</summary>
    public ImmutableSortedSet<InetAddress> PlacesOf(KeyFingerprint key) => _places.GetValueOrDefault(key) ?? [];

    /// <summary>A person said of some address that this key speaks for it.</summary>
    public bool IsPinnedByPerson(KeyFingerprint key) =>
        PlacesOf(key).Any(place => At(place) is { Origin: PinOrigin.Person } pin && pin.Key == key);

    /// <summary>With a pin, in place of what the address had.</summary>
    public PinSet With(Pin pin)
    {
        ArgumentNullException.ThrowIfNull(pin);
        return new PinSet(_pins.SetItem(pin.Address, pin), _places).Remembering(pin.Key, pin.Address);
    }

    /// <summary>With the memory that a key was pinned at an address, even if it is not any more.</summary>
    public PinSet Remembering(KeyFingerprint key, InetAddress address) => new(_pins, _places.SetItem(key, PlacesOf(key).Add(address)));

    /// <summary>Without the pin of an address; that its key was there is remembered.</summary>
    public PinSet Without(InetAddress address) => new(_pins.Remove(address), _places);

    /// <summary>Without the pin of an address and without memory of it.</summary>
    public PinSet Forgetting(InetAddress address)
    {
        var places = _places;
        foreach (var (key, where) in _places.Where(p => p.Value.Contains(address)))
        {
            places = where.Count == 1 ? places.Remove(key) : places.SetItem(key, where.Remove(address));
        }

        return new(_pins.Remove(address), places);
    }
}
