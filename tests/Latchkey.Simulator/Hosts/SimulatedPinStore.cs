using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>A host's disk for pins: it outlives daemons and crashes, and can be full.</summary>
public sealed class SimulatedPinStore
{
    /// <summary>What is on the disk.</summary>
    public PinSet Pins { get; private set; } = PinSet.Empty;

    /// <summary>Nothing more can be recorded.</summary>
    public bool IsFull { get; set; }

    public Pin? At(InetAddress address) => Pins.At(address);

    /// <returns>Why it is not recorded, or null.</returns>
    public string? Record(Pin pin, KeyFingerprint? inPlaceOf)
    {
        ArgumentNullException.ThrowIfNull(pin);
        if (IsFull)
        {
            return "the disk is full";
        }

        if (At(pin.Address) is { } there ? there.Key != (inPlaceOf ?? pin.Key) : inPlaceOf is not null)
        {
            return $"{pin.Address} is pinned otherwise";
        }

        Pins = Pins.With(pin);
        return null;
    }

    /// <summary>A person changes a pin.</summary>
    public void Change(Func<PinSet, PinSet> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        Pins = change(Pins);
    }
}
