using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>One key, and no other, speaks for one address: a specific entry of the PAD that was learnt, not configured.</summary>
public sealed record Pin(InetAddress Address, KeyFingerprint Key, PinOrigin Origin);

/// <summary>Who decided that the key belongs to the address.</summary>
public enum PinOrigin
{
    /// <summary>Nobody: it was the first one seen there (<c>trust = "first-use"</c>). Binds where an entry trusts first use.</summary>
    FirstUse,

    /// <summary>A person, with <c>latchkey pin</c>. Binds as a known entry does, whatever <c>trust</c> says.</summary>
    Person,
}
