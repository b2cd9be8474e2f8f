using System.Collections.Immutable;
using Latchkey.Crypto;

namespace Latchkey.Latching;

/// <summary>Says what another key at a pinned address may mean, and what to do about each: one line per cause, one command each.</summary>
public static class ChangedKey
{
    /// <param name="pin">Of the address at which <paramref name="came"/> was proved.</param>
    public static ImmutableArray<string> Explain(Pin pin, KeyFingerprint came, PinSet pins)
    {
        ArgumentNullException.ThrowIfNull(pin);
        ArgumentNullException.ThrowIfNull(pins);
        var elsewhere = pins.PlacesOf(came).Remove(pin.Address);
        var moved = elsewhere.IsEmpty
            ? "another host has this address now, with a key never seen before"
            : $"a host moved here: the same key was seen at {string.Join(", ", elsewhere)}";
        return
        [
            $"before you believe anything, compare by telephone: 'latchkey fingerprint' on the peer must print {came}",
            $"if it was reinstalled and has a new key: latchkey pin {pin.Address} --key {came}",
            $"if {moved}: latchkey forget {pin.Address}",
            $"if it was replaced on purpose, and its successor is to be trusted at first use: latchkey unpin {pin.Address}",
            $"if nobody changed anything, somebody may be attacking: do nothing; {came} gets no SA, and only {pin.Key} is let in",
        ];
    }
}
