using Latchkey.Wire;

namespace Latchkey.Latching.Tests.Latches;

/// <summary>
/// The latch database of RFC 5660 §2.3 in its plainest words: lists that are searched from end to end, and a state machine
/// that is a table. It shares nothing with the real one but the words.
/// </summary>
internal sealed class PlainLatches
{
    private uint _lastLatch;
    private uint _lastChannel;

    public List<Connection> Connections { get; } = [];

    public List<Listener> Listeners { get; } = [];

    public List<Tie> Channels { get; } = [];

    public uint LatchesEver => _lastLatch;

    public Connection? Find(FlowKey flow) => Connections.Find(c => c.Flow == flow);

    public bool Listen(TimeSpan now, ListenerKey key)
    {
        if (Listeners.Exists(l => l.Key == key))
        {
            return false;
        }

        Listeners.Add(new Listener(++_lastLatch, key, now));
        return true;
    }

    public bool StopListening(ListenerKey key) => Listeners.RemoveAll(l => l.Key == key) > 0;

    /// <summary>One bound to the very address, then one to every address of the family, then one to every IPv6 address.</summary>
    public Listener? WhoListens(FlowKey flow)
    {
        InetAddress[] wanted = flow.Local.IsV4 ? [flow.Local, InetAddress.AnyV4, InetAddress.AnyV6] : [flow.Local, InetAddress.AnyV6];
        return wanted.Select(address => Listeners.Find(l => l.Key == new ListenerKey(flow.Protocol, address, flow.LocalPort))).FirstOrDefault(l => l is not null);
    }

    /// <returns>Null when the flow has a latch.</returns>
    public Connection? Create(TimeSpan now, FlowKey flow, LatchState state, ChannelParameters? parameters = null, ClosedReason? closedBy = null)
    {
        if (Find(flow) is not null)
        {
            return null;
        }

        var tie = parameters is null ? null : ChannelFor(parameters);
        var connection = new Connection(++_lastLatch, flow) { State = state, Channel = tie, ClosedBy = closedBy, Since = now };
        Connections.Add(connection);
        return connection;
    }

    /// <returns>Whether the move is one that RFC 5660 §2.2 knows.</returns>
    public bool Move(TimeSpan now, Connection connection, LatchState to, ChannelParameters? parameters = null, BreakReason? brokenBy = null)
    {
        var allowed = (connection.State, to) switch
        {
            (LatchState.Larval, LatchState.Established) => parameters is not null,
            (LatchState.Broken, LatchState.Established) => parameters is null && !connection.IsBeyondRepair,
            (LatchState.Established, LatchState.Broken) => true,
            _ => false,
        };
        if (allowed)
        {
            connection.Channel ??= parameters is null ? null : ChannelFor(parameters);
            (connection.State, connection.BrokenBy, connection.Since) = (to, brokenBy, now);
        }

        return allowed;
    }

    public static void Close(TimeSpan now, Connection connection, ClosedReason reason)
    {
        if (connection.State != LatchState.Closed)
        {
            (connection.State, connection.ClosedBy, connection.Since) = (LatchState.Closed, reason, now);
        }
    }

    /// <returns>The channel when this was its last latch; it is forgotten then.</returns>
    public Tie? Release(Connection connection)
    {
        Connections.Remove(connection);
        var tie = connection.Channel;
        return tie is not null && !Connections.Exists(c => c.Channel == tie) && Channels.Remove(tie) ? tie : null;
    }

    /// <summary>C1 and C2: both sets of selectors cover the flow, and the parameters are not the same.</summary>
    public List<Connection> Conflicts(SelectorSet selectors, ChannelParameters parameters) => Connections.FindAll(c =>
        c.State == LatchState.Established && selectors.Covers(c.Flow) && c.Channel!.Parameters != parameters
        && (c.Flow.Local, c.Flow.Remote) == (parameters.Local, parameters.Remote));

    private Tie ChannelFor(ChannelParameters parameters)
    {
        var tie = Channels.Find(c => c.Parameters == parameters);
        if (tie is null)
        {
            Channels.Add(tie = new Tie(++_lastChannel, parameters));
        }

        return tie;
    }

    /// <summary>A channel.</summary>
    internal sealed record Tie(uint Id, ChannelParameters Parameters);

    internal sealed record Listener(uint Id, ListenerKey Key, TimeSpan Since);

    /// <summary>A connection latch.</summary>
    internal sealed class Connection(uint id, FlowKey flow)
    {
        public uint Id => id;

        public FlowKey Flow => flow;

        public LatchState State { get; set; }

        public Tie? Channel { get; set; }

        public BreakReason? BrokenBy { get; set; }

        public ClosedReason? ClosedBy { get; set; }

        public TimeSpan Since { get; set; }

        /// <summary>L16.</summary>
        public bool IsBeyondRepair => BrokenBy is BreakReason.PeerRestarted or BreakReason.PeerDead or BreakReason.LocalAddressLost;
    }
}
