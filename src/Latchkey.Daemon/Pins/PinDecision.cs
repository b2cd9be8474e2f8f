using Latchkey.Crypto;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Pins;

/// <summary>What <c>latchkey pin ADDRESS</c> does: a pin, or a refusal with what to do.</summary>
internal abstract record PinDecision
{
    private PinDecision()
    {
    }

    public sealed record Set(Pin Pin, PeerKey? Key) : PinDecision;

    public sealed record Refused(string Problem, string Remedy) : PinDecision;

    /// <param name="wanted">The fingerprint that was compared by telephone; null: what is in use there.</param>
    /// <param name="close">Connections tied to another key may be closed.</param>
    /// <param name="live">Keys in use at the address.</param>
    public static PinDecision Of(SecurityPolicy policy, InetAddress address, KeyFingerprint? wanted, bool close, IReadOnlyList<LiveKey> live)
    {
        var pins = policy.Pins;
        if (policy.Peers.FirstOrDefault(peer => peer.Owns(address)) is { } owner)
        {
            return new Refused($"{address} belongs to [[peer]] \"{owner.Name}\" of the configuration, whose key is {owner.Key}", "change it there");
        }

        if ((wanted ?? Seen(pins.At(address), live)) is not { } key)
        {
            return live.Count == 0
                ? new Refused($"nobody is known at {address} whose key could be pinned", $"say which: latchkey pin {address} --key SHA256:…, after comparing it by telephone")
                : new Refused(
                    $"{live.Count} keys are in use at {address}: {string.Join(", ", live.Select(l => l.Fingerprint))}", $"say which: latchkey pin {address} --key {live[0].Fingerprint}");
        }

        if (!close && live.FirstOrDefault(l => l.Fingerprint != key) is { } other)
        {
            return new Refused(
                $"{address} is in use by another key: {other.Fingerprint}, which holds latches ({other.Latches}); {key} was not pinned, and nothing was touched",
                $"compare both by telephone; if {key} is right, whoever is connected now is somebody else: add --close, and those connections are reset");
        }

        return new Set(new Pin(address, key, PinOrigin.Person), live.FirstOrDefault(l => l.Fingerprint == key)?.Key);
    }

    private static KeyFingerprint? Seen(Pin? pin, IReadOnlyList<LiveKey> live) => live switch
    {
        [] => pin?.Key,
        [var only] => only.Fingerprint,
        _ => null,
    };
}
