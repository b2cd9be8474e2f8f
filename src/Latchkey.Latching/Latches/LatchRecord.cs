using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>
/// All that must be known of a latch to go on with it in another process: what it binds, and how it stands
/// (RFC 5660 §2.3, L14).
/// </summary>
/// <param name="Entry">Name of the protect entry under which it stands.</param>
/// <param name="Channel">What it binds for life; its identity and the peer's are fingerprints, no secrets.</param>
/// <param name="State">ESTABLISHED, BROKEN or CLOSED: a latch without a channel binds nothing yet and has no record.</param>
public sealed record LatchRecord(FlowKey Flow, string Entry, ChannelParameters Channel, LatchState State)
{
    public BreakReason? BrokenBy { get; init; }

    public ClosedReason? ClosedBy { get; init; }

    /// <summary>How the peer proved itself, and with it the channel bindings; null when that is not known.</summary>
    public PeerAuthentication? Authentication { get; init; }

    /// <summary>What its owner chose.</summary>
    public Disposition? Disposition { get; init; }

    /// <summary>Its owner asked for a Child SA of its own.</summary>
    public bool Narrow { get; init; }

    /// <summary>Its flow is one that this host forwards.</summary>
    public bool IsForwarded { get; init; }

    /// <summary>Where the ends of its tunnel were; null: at the addresses that name it, or it never moves.</summary>
    public AddressPair? Ends { get; init; }

    /// <summary>The latch is gone, and the record says no more than that.</summary>
    public bool IsReleased => ClosedBy == ClosedReason.Released;

    /// <summary>A latch as it stands.</summary>
    /// <exception cref="ArgumentException">It has no channel.</exception>
    public static LatchRecord Of(Latch latch)
    {
        ArgumentNullException.ThrowIfNull(latch);
        var channel = latch.Channel ?? throw new ArgumentException($"{latch} has no channel", nameof(latch));
        return new LatchRecord(latch.Flow, latch.Entry.Name, channel.Parameters, latch.State)
        {
            BrokenBy = latch.BrokenBy,
            ClosedBy = latch.ClosedBy,
            Authentication = latch.Authentication,
            Disposition = latch.Wishes.Disposition,
            Narrow = latch.Wishes.Narrow,
            IsForwarded = latch.IsForwarded,
        };
    }
}
