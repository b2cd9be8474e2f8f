using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <content>What can be asked, and changes nothing.</content>
public sealed partial class LatchEngine
{
    /// <summary>Which of these flows have a latch.</summary>
    public IReadOnlyList<(LatchId Latch, FlowKey Flow)> Latched(IReadOnlyCollection<FlowKey> flows)
    {
        ArgumentNullException.ThrowIfNull(flows);
        return [.. flows.Select(_state.Latches.Find).OfType<Latch>().Select(l => (l.Id, l.Flow))];
    }

    /// <summary>INQUIRE_LATCH (RFC 5660 §2.3) for the application behind a flow; null when it has no latch.</summary>
    public ConnectionSnapshot? Inquire(FlowKey flow) => _snapshots.Inquire(flow);

    /// <summary>It was let go in clear, for life.</summary>
    public bool IsClear(FlowKey flow) => _state.ClearFlows.Contains(flow);

    public LatchSnapshot? Inquire(ListenerKey listener) => _snapshots.Inquire(listener);

    public IReadOnlyList<ClearFlowSnapshot> ClearFlows() => _snapshots.ClearFlows();

    /// <summary>Hosts that have spoken IPsec and are never reached in clear again.</summary>
    public int IpsecHostCount => _state.IpsecHosts.Count;

    /// <summary>Why no further flow goes in clear whatever policy says; null while it may.</summary>
    public string? ClearSuspended => _state.ClearSuspended;

    public IReadOnlyList<LatchSnapshot> Latches() => _snapshots.Latches();

    public IReadOnlyList<PeerSnapshot> Peers() => _snapshots.Peers();

    /// <summary>Keys that are in use at an address: by an IKE SA, or by a latch.</summary>
    public IReadOnlyList<LiveKey> KeysAt(InetAddress address) => _snapshots.KeysAt(address);

    public IReadOnlyList<TunnelSnapshot> Tunnels() => _snapshots.Tunnels();

    public IReadOnlyList<IkeSaSnapshot> Sas() => _snapshots.Sas();
}
