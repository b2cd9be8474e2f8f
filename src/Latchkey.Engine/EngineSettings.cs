using Latchkey.Ike;

namespace Latchkey.Engine;

/// <summary>How the engine behaves, beside policy. Every default says why.</summary>
public sealed record EngineSettings
{
    public required IkeSettings Ike { get; init; }

    /// <summary>At most one probe train per peer in this time on hints, so that forged hints cost next to nothing.</summary>
    public TimeSpan HintInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>While latched flows wait for a silent peer, "who is there" is asked again at most this far apart.</summary>
    public TimeSpan WhoIsThereInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>"Who is there" is asked for this long; the next unanswered packet starts it again.</summary>
    public TimeSpan WhoIsThereDuration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Child SAs for single flows at most under one IKE SA; a peer bounds its Child SAs too, and the rest is for those that serve many.</summary>
    public int NarrowMaximum { get; init; } = 256;

    /// <summary>How a host is asked before it is reached in clear: six requests within a second, the last with little time to be answered.</summary>
    public Persistence ClearNegotiation { get; init; } = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1));

    /// <summary>A host that answered nothing is reached in clear for this long before a flow has to wait for the question again.</summary>
    public TimeSpan ClearMemory { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>While flows to it begin, a silent host is asked again this often, and no flow waits for that.</summary>
    public TimeSpan ClearRetryInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Hosts that are asked because they began a flow in clear, and such flows of one host, at a time. A forged sender has strangers asked.</summary>
    public int ClearKnockMaximum { get; init; } = 64;

    /// <summary>
    /// INITIAL_CONTACT of a peer without birth certificates counts as a restart of its host: it has lost its SAs, and a host that
    /// restarts is the usual cause. False: as one of its daemon alone.
    /// </summary>
    public bool BreakOnForeignInitialContact { get; init; } = true;

    /// <summary>
    /// How long an address of this host may be gone before what is latched to it ends: an interface that is set up anew, or an
    /// address that moves to another, is back by then, and nobody who waits on a socket minds a quarter of a second.
    /// </summary>
    public TimeSpan LostAddressGrace { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Latches and flows in clear at most; beyond it new flows are refused.</summary>
    public int LatchMaximum { get; init; } = 1 << 20;
}
