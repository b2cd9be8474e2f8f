using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>A known (non-BTNS) entry of the PAD: this key, and no other, speaks for these addresses (RFC 4301 §4.4.3).</summary>
public sealed record KnownPeer(string Name, KeyFingerprint Key, ImmutableArray<InetPrefix> Addresses)
{
    public bool Owns(InetAddress address) => Addresses.Any(prefix => prefix.Contains(address));
}
