using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// SPD and PAD in their simplest words: a known key speaks for its own addresses only; a pinned address is spoken for by its
/// key only; any other key speaks for the rest, where that is open to strangers.
/// </summary>
public static class PolicyOracle
{
    /// <summary>Whether a key may speak for an address to a daemon: some entry, or a latch with that key that keeps one, is open to it.</summary>
    public static bool LetsSpeak(SimulatedDaemon daemon, KeyFingerprint key, InetAddress address)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        var policy = daemon.Host.Policy;
        return LetsSpeak(policy, key, address, policy.Protect.Any(entry => entry.BtnsOk) || daemon.Engine.Latches().Any(
            latch => latch.KeepsItsPolicy && latch.PeerKey == key.ToString() && latch.Flow.Remote == address));
    }

    /// <summary>Whether a key may be at the other end of a flow.</summary>
    public static bool Allows(SecurityPolicy policy, KeyFingerprint key, FlowKey flow)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return policy.Find(flow) is { } entry && LetsSpeak(policy, key, entry.PathOf(flow).Remote, entry.BtnsOk);
    }

    /// <summary>Whether a key may speak for an address, when that is open to strangers or not.</summary>
    public static bool LetsSpeak(SecurityPolicy policy, KeyFingerprint key, InetAddress address, bool openToStrangers)
    {
        ArgumentNullException.ThrowIfNull(policy);
        if (policy.Peers.FirstOrDefault(peer => peer.Key == key) is { } known)
        {
            return known.Owns(address);
        }

        return !policy.Peers.Any(peer => peer.Owns(address))
            && (Binding(policy, address) is { } pin ? pin.Key == key && (openToStrangers || pin.Origin == PinOrigin.Person) : openToStrangers);
    }

    /// <summary>The pin that counts at an address: a person's always, another where first use is trusted.</summary>
    public static Pin? Binding(SecurityPolicy policy, InetAddress address)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return !policy.Peers.Any(peer => peer.Owns(address)) && policy.Pins.At(address) is { } pin && (pin.Origin == PinOrigin.Person || policy.Protect.Any(entry => entry.Trust == TrustLevel.FirstUse)) ? pin : null;
    }
}
