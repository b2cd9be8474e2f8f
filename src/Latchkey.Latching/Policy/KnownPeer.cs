using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>A known (non-BTNS) entry of the PAD: this key, and no other, speaks for these addresses (RFC 4301 §4.4.3).</summary>
public sealed record KnownPeer(string Name, KeyFingerprint Key, ImmutableArray<InetPrefix> Addresses)
{
    /// <summary>Whoever is there need prove nothing (RFC 7619 §2.4); then <see cref="Key"/> is nobody's.</summary>
    public bool ProvesNothing { get; init; }

    public bool Owns(InetAddress address) => Addresses.Any(prefix => prefix.Contains(address));
}
