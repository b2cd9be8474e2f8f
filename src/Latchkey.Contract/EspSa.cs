using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Contract;

public enum SaDirection
{
    Inbound,
    Outbound,
}

/// <summary>How ESP travels: as protocol 50, or in UDP port 4500 (RFC 3948).</summary>
public enum Encapsulation
{
    Esp,
    Udp,
}

/// <summary>One direction of a Child SA as handed to a datapath.</summary>
/// <param name="Spi">The SPI in the packets of this direction.</param>
/// <param name="KeyMaterial">Key and salt; the datapath takes it over and clears it.</param>
/// <param name="Esn">64-bit sequence numbers (RFC 4303 §2.2.1).</param>
/// <param name="Selectors">What may travel under this SA; checked for every packet, in both directions (RFC 4301 §5.2).</param>
/// <param name="Local">Our outer address; the port counts only with UDP encapsulation.</param>
/// <param name="Remote">The peer's outer address; the port counts only with UDP encapsulation.</param>
/// <param name="Translated">A NAT changes addresses on the way: checksums that cover them are made anew (RFC 3948 §3.1.2).</param>
/// <param name="Tunnel">Whole IP packets travel, and the selectors are about their addresses. Otherwise transport mode.</param>
public sealed record EspSa(
    SaDirection Direction,
    uint Spi,
    ChannelId Channel,
    AeadAlgorithm Algorithm,
    SecretBytes KeyMaterial,
    bool Esn,
    SelectorSet Selectors,
    InetEndpoint Local,
    InetEndpoint Remote,
    Encapsulation Encapsulation,
    bool Translated = false,
    bool Tunnel = false);
