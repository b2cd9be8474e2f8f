namespace Latchkey.Daemon.Reports;

/// <summary>The tunnel of a protect entry: between which outer addresses it goes, and where else its ends may be (RFC 4555).</summary>
/// <param name="Entry">Name of the protect entry.</param>
/// <param name="Local">Where this host's end is; the first of <c>outer_local</c> before it was anywhere.</param>
/// <param name="Remote">Where the peer's end is, or was last.</param>
/// <param name="LocalElsewhere">Further addresses that this host's end may have; empty when it is tied to the one.</param>
/// <param name="RemoteElsewhere">Further addresses and prefixes where the peer's end may be.</param>
/// <param name="PeerMoves">The peer can be moved without negotiating anew (MOBIKE); absent while it is not connected.</param>
public sealed record TunnelReport(
    string Entry, string Local, string Remote, IReadOnlyList<string> LocalElsewhere, IReadOnlyList<string> RemoteElsewhere, bool? PeerMoves)
{
    /// <summary>When its peer must have proved itself anew, UTC; absent: never, or it is not connected.</summary>
    public DateTime? ProofUntil { get; init; }
}
