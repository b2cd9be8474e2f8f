using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// SPD and PAD in their simplest words: a known key speaks for its own addresses only; any other key speaks for what no
/// known key owns, where it is open to strangers.
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
        return policy.Find(flow) is { } entry && LetsSpeak(policy, key, flow.Remote, entry.BtnsOk);
    }

    /// <summary>Whether a key may speak for an address, when that is open to strangers or not.</summary>
    public static bool LetsSpeak(SecurityPolicy policy, KeyFingerprint key, InetAddress address, bool openToStrangers)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return policy.Peers.FirstOrDefault(peer => peer.Key == key) is { } known
            ? known.Owns(address)
            : openToStrangers && !policy.Peers.Any(peer => peer.Owns(address));
    }
}
