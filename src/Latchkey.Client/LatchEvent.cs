namespace Latchkey.Client;

/// <summary>Something that happened to a connection of this user.</summary>
/// <param name="Seq">The daemon counts its events; gaps are events of others.</param>
/// <param name="Event">The kind, for example <c>latch_established</c>, <c>latch_broken</c>, <c>latch_restored</c>; more may come.</param>
/// <param name="At">UTC.</param>
/// <param name="Text">One plain sentence.</param>
/// <param name="Latch">The latch's number.</param>
/// <param name="Flow">The connection.</param>
/// <param name="State">The latch's state after the event.</param>
/// <param name="Reason">Why it broke or was closed, for example <c>PeerReplaced</c>.</param>
/// <param name="PeerKey">Fingerprint of the peer the connection is tied to.</param>
/// <param name="Listener">The number of the LISTENER latch it was born from; null when this host began the connection.</param>
public sealed record LatchEvent(
    long Seq, string Event, DateTime At, string Text, uint? Latch, Flow? Flow, string? State, string? Reason, string? PeerKey, uint? Listener);
