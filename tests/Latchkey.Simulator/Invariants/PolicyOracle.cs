using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// The PAD in its simplest words: a known key speaks for its own addresses only; any other key speaks for what no known
/// key owns, if some entry is open to strangers.
/// </summary>
public static class PolicyOracle
{
    public static bool LetsSpeak(SecurityPolicy policy, KeyFingerprint key, InetAddress address)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return policy.Peers.FirstOrDefault(peer => peer.Key == key) is { } known
            ? known.Owns(address)
            : policy.Protect.Any(entry => entry.BtnsOk) && !policy.Peers.Any(peer => peer.Owns(address));
    }
}
