using CsCheck;
using Latchkey.Wire;
using Xunit;
using static Latchkey.Latching.Tests.TestPolicy;

namespace Latchkey.Latching.Tests.Latches;

/// <summary>
/// Long random histories of operations, done to the latch database and to the plainest one there can be: every answer,
/// every error, and everything that can be asked afterwards must agree. A failure is shrunk to the shortest history.
/// </summary>
public class LatchDatabaseModelTests
{
    private static readonly ProtectEntry Everything = new() { Name = "everything", Trust = TrustLevel.Anyone };
    private static readonly InetAddress W6 = InetAddress.Parse("2001:db8::1");
    private static readonly InetAddress C6 = InetAddress.Parse("2001:db8::7");
    private static readonly AddressPair[] Pairs = [new(W, C), new(W, D), new(W6, C6)];
    private static readonly FlowKey[] Flows =
    [
        .. from pair in Pairs
           from protocol in new[] { IpProtocol.Tcp, IpProtocol.Udp }
           from local in new ushort[] { 7000, 7001 }
           from remote in new ushort[] { 40000, 40001, 40002 }
           select new FlowKey(protocol, pair.Local, local, pair.Remote, remote),
    ];

    private static readonly ListenerKey[] Sockets =
    [
        .. from address in new[] { W, W6, InetAddress.AnyV4, InetAddress.AnyV6 }
           from protocol in new[] { IpProtocol.Tcp, IpProtocol.Udp }
           select new ListenerKey(protocol, address, 7000),
    ];

    // Everything of an address, one service, one service of one protocol, one connection.
    private static readonly (byte Protocol, PortRange Local, PortRange Remote)[] Widths =
    [
        (TrafficSelector.AnyProtocol, PortRange.Any, PortRange.Any),
        (TrafficSelector.AnyProtocol, new(7000, 7000), PortRange.Any),
        ((byte)IpProtocol.Tcp, PortRange.Any, new(40000, 40001)),
        ((byte)IpProtocol.Udp, new(7001, 7001), new(40002, 40002)),
    ];

    private static readonly Gen<FlowKey> Flow = Pick(Flows);
    private static readonly Gen<ListenerKey> Socket = Pick(Sockets);
    private static readonly Gen<BreakReason> BreakReasons = Gen.Enum<BreakReason>();
    private static readonly Gen<ClosedReason> ClosedReasons = Gen.Enum<ClosedReason>();
    private static readonly Gen<(string Key, bool Esn)> Peer = Gen.Select(Pick("C", "D"), Gen.Bool);

    private static readonly Gen<LatchOperation[]> Histories = Gen.Frequency(
        (2, Socket.Select(key => (LatchOperation)new Listen(key))),
        (1, Socket.Select(key => (LatchOperation)new StopListening(key))),
        (4, Flow.Select(flow => (LatchOperation)new Await(flow))),
        (4, Gen.Select(Flow, Peer, (flow, peer) => (LatchOperation)new Connect(flow, Of(AddressPair.Of(flow), peer)))),
        (1, Flow.Select(flow => (LatchOperation)new Orphan(flow))),
        (4, Gen.Select(Flow, Peer, (flow, peer) => (LatchOperation)new Establish(flow, Of(AddressPair.Of(flow), peer)))),
        (2, Gen.Select(Flow, BreakReasons, (flow, reason) => (LatchOperation)new Break(flow, reason))),
        (2, Flow.Select(flow => (LatchOperation)new Restore(flow))),
        (1, Gen.Select(Flow, ClosedReasons, (flow, reason) => (LatchOperation)new Close(flow, reason))),
        (3, Flow.Select(flow => (LatchOperation)new Release(flow))),
        (1, Gen.Select(Pick(Pairs), Pick(Widths), Peer, (pair, width, peer) => (LatchOperation)new Conflict(Selectors(pair, width), Of(pair, peer)))))
        .Array[1, 400];

    [Fact]
    public void L25_Every_history_of_operations_gives_what_the_plainest_database_gives() => Histories.Sample(
        history =>
        {
            var real = new RealLatches();
            var plain = new PlainLatches();
            var now = TimeSpan.Zero;
            foreach (var operation in history)
            {
                now += TimeSpan.FromMilliseconds(1);
                var wanted = operation.Do(plain, now);
                Assert.Equal(wanted, operation.Do(real, now, Everything));
                Agree(real, plain);
            }
        },
        iter: 200,
        print: history => string.Join(Environment.NewLine, history.Select((operation, i) => $"{i + 1}. {operation}")));

    private static Gen<T> Pick<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static ChannelParameters Of(AddressPair pair, (string Key, bool Esn) peer) =>
        Parameters(pair.Remote, peer.Key, peer.Esn) with { Local = pair.Local };

    private static SelectorSet Selectors(AddressPair pair, (byte Protocol, PortRange Local, PortRange Remote) width) => SelectorSet.Of(
        TrafficSelector.For(InetPrefix.Of(pair.Local), width.Protocol, width.Local.Start, width.Local.End),
        TrafficSelector.For(InetPrefix.Of(pair.Remote), width.Protocol, width.Remote.Start, width.Remote.End));

    private static void Agree(RealLatches real, PlainLatches plain)
    {
        var latches = real.Latches;
        Assert.Equal(plain.Connections.Count, latches.Count);
        Assert.Equal(plain.Connections.Select(c => c.Flow).Order(FlowOrder), latches.Flows.Order(FlowOrder));
        Assert.Equal(Ids(plain.Connections), Ids(latches.All));
        Assert.Equal(
            plain.Listeners.Select(l => (l.Id, l.Key, l.Since)).Order(), latches.Listeners.Select(l => (l.Id.Value, l.Key, l.Since)).Order());

        // FIND_LATCH and INQUIRE_LATCH, also with handles that are of no use any more.
        foreach (var flow in Flows)
        {
            Assert.Equal(Inquire(plain.Find(flow)), Inquire(latches.Find(flow)));
            Assert.Equal(plain.WhoListens(flow)?.Id, latches.FindListener(flow)?.Id.Value);
        }

        for (var id = 1u; id <= plain.LatchesEver + 1; id++)
        {
            Assert.Equal(Inquire(plain.Connections.Find(c => c.Id == id)), Inquire(latches.Find(new LatchId(id))));
        }

        foreach (var pair in Pairs)
        {
            Assert.Equal(Ids(plain.Connections.Where(c => AddressPair.Of(c.Flow) == pair)), Ids(latches.Between(pair)));
            foreach (var width in Widths)
            {
                var (selectors, newcomer) = (Selectors(pair, width), Of(pair, ("C", true)));
                Assert.Equal(Ids(plain.Conflicts(selectors, newcomer)), Ids(latches.FindConflicts(pair, selectors, newcomer)));
            }
        }

        Assert.Equal(plain.Channels.Count, real.Channels.Count);
        foreach (var tie in plain.Channels)
        {
            var channel = real.Channels.Find(tie.Id);
            Assert.Equal(tie.Parameters, channel?.Parameters);
            Assert.Same(channel, real.Channels.For(tie.Parameters));
            Assert.Equal(Ids(plain.Connections.Where(c => c.Channel == tie)), Ids(latches.On(channel!)));
        }
    }

    private static Comparer<FlowKey> FlowOrder { get; } = Comparer<FlowKey>.Create((a, b) => Array.IndexOf(Flows, a).CompareTo(Array.IndexOf(Flows, b)));

    private static IEnumerable<uint> Ids(IEnumerable<PlainLatches.Connection> connections) => connections.Select(c => c.Id).Order();

    private static IEnumerable<uint> Ids(IEnumerable<Latch> latches) => latches.Select(l => l.Id.Value).Order();

    private static object? Inquire(PlainLatches.Connection? c) =>
        c is null ? null : (c.Id, c.Flow, c.State, c.Channel?.Id, c.Since, c.BrokenBy, c.ClosedBy, c.State == LatchState.Established, c.State == LatchState.Closed || c.IsBeyondRepair);

    private static object? Inquire(Latch? l) =>
        l is null ? null : (l.Id.Value, l.Flow, l.State, l.Channel?.Id, l.Since, l.BrokenBy, l.ClosedBy, l.Conducts, l.IsBeyondRepair);
}
