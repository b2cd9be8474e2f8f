using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>What both sides agreed on for a Child SA.</summary>
/// <param name="Initiated">We began the exchange that made it.</param>
/// <param name="NonceI">Of the exchange that made it, as <paramref name="NonceR"/> (RFC 7296 §2.17).</param>
/// <param name="Shared">Of a key exchange of its own, or null; cleared when the keys are derived.</param>
internal sealed record ChildTerms(
    uint InboundSpi, uint OutboundSpi, EspSuite Suite, SelectorSet Selectors, bool Tunnel, bool Initiated, byte[] NonceI, byte[] NonceR, SecretBytes? Shared);
