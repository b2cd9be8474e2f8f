using Latchkey.Daemon.Reports;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>Turns the engine's snapshots into reports: names instead of numbers, the wall clock instead of the engine's.</summary>
internal sealed class ReportBuilder(DaemonClock clock)
{
    /// <summary>A flow with somebody who proved nothing has no latch, and must not look as if it had.</summary>
    private const string Unlatched = "UNLATCHED";

    public static string State(LatchSnapshot latch) =>
        latch is { IsToNobody: true, State: LatchState.Established } ? Unlatched : latch.State.ToString().ToUpperInvariant();

    public LatchReport Latch(LatchSnapshot latch) => new(
        latch.Id.Value,
        State(latch),
        FlowReport.From(latch.Flow),
        latch.Entry,
        latch.PeerKey,
        latch.PeerName,
        latch.LocalKey,
        latch.Channel,
        latch.Protection,
        latch.Mode,
        latch.Disposition,
        latch is { IsToNobody: true, Reason: null } ? "PeerProvesNothing" : latch.Reason,
        clock.At(latch.Since))
    {
        KeepsPolicy = latch.KeepsItsPolicy ? true : null,
        Forwarded = latch.IsForwarded ? true : null,
    };

    public ClearFlowReport ClearFlow(ClearFlowSnapshot flow) => new(FlowReport.From(flow.Flow), flow.Entry, clock.At(flow.Since));

    public ConnectionReport Connection(FlowKey flow, ProtectEntry? entry, bool clear, ConnectionSnapshot? connection)
    {
        var report = new ConnectionReport(FlowReport.From(flow), entry?.Name, connection?.Latch is { State: LatchState.Established, IsToNobody: false }) { Clear = clear ? true : null };
        if (connection is null)
        {
            return report;
        }

        var (proof, parameters, outer) = (connection.Authentication, connection.Parameters, connection.Outer);
        return report with
        {
            Latch = Latch(connection.Latch),
            Local = proof is null ? null : IdentityReport.Of(proof.Local, name: null),
            Peer = proof is null ? null : IdentityReport.Of(proof.Peer, proof.PeerName),
            Authentication = proof is null ? null : new AuthenticationReport(proof.Method, proof.Trust, Time(proof.At)),
            Quality = parameters is null ? null : QualityReport.Of(parameters, connection.Narrow),
            Outer = outer is null ? null : new OuterReport(outer.Local.ToString(), outer.Remote.ToString(), outer.Encapsulation, outer.Nat, outer.PeerPrivateAddress?.ToString()),
            ChannelBindings = proof is null ? null : new ChannelBindingsReport(Convert.ToBase64String(proof.EndPointBinding), Convert.ToBase64String(proof.UniqueBinding)),
        };
    }

    public PeerReport Peer(PeerSnapshot peer) => new(
        peer.Key, peer.Name, peer.Trust, peer.Algorithm, [.. peer.Addresses.Select(a => a.ToString())], peer.IkeSas, peer.ChildSas, peer.Latches, clock.At(peer.LastHeard))
    {
        ProofUntil = Time(peer.ProofUntil),
    };

    public IkeSaReport IkeSa(IkeSaSnapshot sa) => new(
        sa.Id, sa.State, sa.Initiated, sa.Local.ToString(), sa.Remote.ToString(), sa.Nat, sa.PeerPrivateAddress?.ToString(), sa.PeerKey, sa.Suite, sa.SpiI, sa.SpiR, clock.At(sa.Since), [.. sa.Children.Select(ChildSa)])
    {
        ProofUntil = Time(sa.ProofUntil),
        OwnProofUntil = Time(sa.OwnProofUntil),
    };

    public TunnelReport Tunnel(TunnelSnapshot tunnel) => new(
        tunnel.Entry, tunnel.Ends.Local.ToString(), tunnel.Ends.Remote.ToString(), [.. tunnel.LocalElsewhere.Select(a => a.ToString())], [.. tunnel.RemoteElsewhere.Select(p => p.ToString())],
        tunnel.PeerMoves)
    {
        ProofUntil = Time(tunnel.ProofUntil),
    };

    public DateTime? Time(TimeSpan? moment) => moment is { } at ? clock.At(at) : null;

    /// <summary>The number of the event is given by the stream it goes into.</summary>
    public EventReport Event(EngineEvent e) => new(0, Name(e.Kind), clock.At(e.At), e.Text)
    {
        Latch = e.Latch?.Value,
        Flow = e.Flow is { } flow ? FlowReport.From(flow) : null,
        Listener = e.Listener?.Value,
        State = e.Kind == EventKind.FlowUnlatched ? Unlatched : e.State?.ToString().ToUpperInvariant(),
        Reason = e.Reason,
        PeerKey = e.PeerKey,
        PeerName = e.PeerName,
        PeerAddress = e.PeerAddress?.ToString(),
        Channel = e.Channel,
        IkeSa = e.IkeSa,
        ChildSa = e.ChildSa,
        Since = Time(e.Since),
        Moved = e.Moved is { } move ? new MoveReport(Ends(move.FromLocal, move.FromRemote), Ends(move.ToLocal, move.ToRemote)) : null,
        Details = e.Details,
    };

    /// <summary>A name of ours in snake case: <c>LatchBroken</c> is <c>latch_broken</c>.</summary>
    public static string Name<T>(T value)
        where T : struct, Enum => Names<T>.All[value];

    private static EndsReport Ends(Wire.InetEndpoint local, Wire.InetEndpoint remote) => new(local.ToString(), remote.ToString());

    private ChildSaReport ChildSa(ChildSaSnapshot child) => new(
        child.Id, child.Channel, $"0x{child.InboundSpi:x8}", $"0x{child.OutboundSpi:x8}", child.Suite, child.Selectors, child.Encapsulation, clock.At(child.Since));

    /// <summary>Made once: every event has one.</summary>
    private static class Names<T>
        where T : struct, Enum
    {
        public static readonly Dictionary<T, string> All =
            Enum.GetValues<T>().ToDictionary(value => value, value => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
    }
}
