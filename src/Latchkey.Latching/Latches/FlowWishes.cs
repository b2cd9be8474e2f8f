using Latchkey.Crypto;

namespace Latchkey.Latching;

/// <summary>What an application asks for its own flow (RFC 5660 L10, L17, L31, L44). What it does not say, policy decides.</summary>
/// <remarks>A wish narrows what policy allows and never widens it: it can make a latch fail, not be made.</remarks>
public sealed record FlowWishes
{
    public static FlowWishes None { get; } = new();

    /// <summary>What the owner is told when the latch breaks, in place of the policy's.</summary>
    public Disposition? Disposition { get; init; }

    /// <summary>A Child SA for this flow alone (L17).</summary>
    public bool Narrow { get; init; }

    /// <summary>The shortest key that will do, in bits.</summary>
    public int? MinimumKeyBits { get; init; }

    /// <summary>Nothing but 64-bit sequence numbers will do.</summary>
    public bool DemandEsn { get; init; }

    /// <summary>Nobody but this peer will do.</summary>
    public KeyFingerprint? PeerKey { get; init; }

    /// <summary>Not every channel will do.</summary>
    public bool IsDemand => MinimumKeyBits is not null || DemandEsn || PeerKey is not null;

    /// <summary>These wishes, and where they say nothing what was wished before.</summary>
    public FlowWishes Over(FlowWishes before)
    {
        ArgumentNullException.ThrowIfNull(before);
        return new()
        {
            Disposition = Disposition ?? before.Disposition,
            Narrow = Narrow || before.Narrow,
            MinimumKeyBits = MinimumKeyBits ?? before.MinimumKeyBits,
            DemandEsn = DemandEsn || before.DemandEsn,
            PeerKey = PeerKey ?? before.PeerKey,
        };
    }

    /// <summary>Why a channel is not what is wished for; null: it is.</summary>
    /// <param name="peer">How its peer proved itself.</param>
    public string? ObjectionTo(ChannelParameters parameters, PeerAuthentication? peer)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (IsDemand && peer?.Peer.ProvesNothing == true)
        {
            return "its application demands a latch, and the peer proves nothing (NULL)";
        }

        var bits = parameters.Quality.Encryption.KeyLength * 8;
        return MinimumKeyBits is { } least && bits < least ? $"its application wants keys of {least} bits or more, and {parameters.Quality} has {bits}"
            : DemandEsn && !parameters.Quality.Esn ? $"its application wants 64-bit sequence numbers, and {parameters.Quality} has none"
            : PeerKey is { } key && key != parameters.PeerKey ? $"its application wants the peer {key}, and {parameters.PeerKey} answers"
            : null;
    }
}
