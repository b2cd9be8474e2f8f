using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>
/// What a latch binds for life: the parameters P1 to P5 of RFC 5660 §2 and the two addresses. Equal parameters are
/// congruent, and SAs with equal parameters belong to the same channel.
/// </summary>
/// <param name="Protection">P1.</param>
/// <param name="Mode">P2.</param>
/// <param name="Quality">P3.</param>
/// <param name="LocalKey">P4: with BTNS an identity is a public key (RFC 5386 §2).</param>
/// <param name="PeerKey">P5.</param>
public sealed record ChannelParameters(
    InetAddress Local, InetAddress Remote, KeyFingerprint LocalKey, KeyFingerprint PeerKey, ProtectionType Protection, SaMode Mode, QualityOfProtection Quality)
{
    /// <summary><see cref="AddressPair.Moves"/>: then the two addresses name the ends of a tunnel, wherever they are.</summary>
    public bool Moves { get; init; }

    /// <summary>Where the peer is met.</summary>
    public AddressPair Path => new(Local, Remote) { Moves = Moves };
}

/// <summary>The set of congruent SAs. An SA belongs to one channel for life, a latch holds one channel for life.</summary>
public sealed class Channel
{
    internal Channel(uint id, ChannelParameters parameters)
    {
        Id = id;
        Parameters = parameters;
        PeerKeyText = parameters.PeerKey.ToString();
    }

    /// <summary>Never reused while the daemon runs; 0 is no channel.</summary>
    public uint Id { get; }

    public ChannelParameters Parameters { get; }

    /// <summary>The peer's fingerprint as text, made once: thousands of events may name it.</summary>
    public string PeerKeyText { get; }

    public override string ToString() => $"channel {Id}";
}

/// <summary>What the SAs protect (P1).</summary>
public enum ProtectionType
{
    ConfidentialityAndIntegrity,
    IntegrityOnly,
}

/// <summary>The mode of the SAs (P2).</summary>
public enum SaMode
{
    Transport,
    Tunnel,
}

/// <summary>Algorithm suite with key length, and replay protection (P3, RFC 5660 §2.1).</summary>
/// <param name="Esn">64-bit sequence numbers: part of the replay protection.</param>
public sealed record QualityOfProtection(AeadAlgorithm Encryption, bool Esn)
{
    public override string ToString() => Esn ? $"{Encryption}/ESN" : Encryption.ToString();
}
