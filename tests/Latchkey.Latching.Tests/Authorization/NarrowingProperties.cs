using CsCheck;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Latching.Tests;

/// <summary>RFC 5660 §2.3 (L27): a Child SA is narrowed around flows that somebody else holds latched.</summary>
public sealed class NarrowingProperties
{
    private static readonly InetAddress Here = InetAddress.Parse("192.0.2.1");
    private static readonly InetAddress There = InetAddress.Parse("192.0.2.7");

    private static Gen<FlowKey[]> Held { get; } = Generators.Flow.Array[0, 40];

    [Fact]
    public void L27_What_is_left_covers_none_of_the_flows() =>
        Gen.Select(Generators.Set, Held).Sample((set, held) => Assert.DoesNotContain(held, set.Around(held).Covers));

    [Fact]
    public void L27_What_is_left_is_a_part_of_what_was_asked() =>
        Gen.Select(Generators.Set, Held, Generators.Flow).Sample((set, held, flow) => Assert.True(set.Covers(flow) || !set.Around(held).Covers(flow)));

    [Fact]
    public void L27_Nothing_is_taken_from_a_set_that_covers_none_of_the_flows() =>
        Gen.Select(Generators.Set, Held).Sample((set, held) =>
        {
            var innocent = held.Where(flow => !set.Covers(flow)).ToArray();
            Assert.Same(set, set.Around(innocent));
        });

    /// <summary>The plainest way to say it: ask of every port whether it is one of the held.</summary>
    [Fact]
    public void L27_Between_a_service_and_its_clients_exactly_the_held_ports_go() =>
        Gen.Select(Gen.UShort.Array[0, Narrowing.SelectorMaximum - 1], Gen.UShort.Array[20]).Sample((held, sampled) =>
        {
            var left = Service.Around(held.Select(Flow));
            foreach (var port in sampled.Concat(held).Concat(held.Select(p => (ushort)(p + 1))).Concat(held.Select(p => (ushort)(p - 1))))
            {
                Assert.Equal(!held.Contains(port), left.Covers(Flow(port)));
            }
        });

    [Fact]
    public void L27_A_client_s_own_ports_are_cut_where_the_other_side_is_one_service()
    {
        var client = SelectorSet.Of(Tcp(Here, 0, 65535), Tcp(There, 7000, 7000));
        Assert.Equal(
            new SelectorSet([Tcp(Here, 0, 39_999), Tcp(Here, 40_001, 65535)], [Tcp(There, 7000, 7000)]),
            client.Around([new FlowKey(IpProtocol.Tcp, Here, 40_000, There, 7000)]));
    }

    [Fact]
    public void L27_Any_protocol_with_a_hole_in_it_is_said_protocol_by_protocol()
    {
        var any = SelectorSet.Of(
            TrafficSelector.For(InetPrefix.Of(Here), TrafficSelector.AnyProtocol), TrafficSelector.For(InetPrefix.Of(There), TrafficSelector.AnyProtocol));
        var left = any.Around([Flow(40_000)]);
        Assert.False(left.Covers(Flow(40_000)));
        Assert.True(left.Covers(Flow(40_001)));
        Assert.True(left.Covers(Flow(40_000) with { Protocol = IpProtocol.Udp }));
        Assert.True(left.Covers(new FlowKey(IpProtocol.Icmp, Here, 0, There, 0)));
        Assert.DoesNotContain(left.Remote, s => s.Protocol == TrafficSelector.AnyProtocol);
    }

    [Fact]
    public void L27_More_held_flows_than_a_message_can_name_leave_the_widest_pieces()
    {
        // Every second port up to 2000 is held; what stays whole is what lies above.
        var held = Enumerable.Range(1, 1000).Select(i => Flow((ushort)(2 * i))).ToArray();
        var left = Service.Around(held);
        Assert.Equal(Narrowing.SelectorMaximum, left.Remote.Length);
        Assert.DoesNotContain(held, left.Covers);
        Assert.True(left.Covers(Flow(2001)));
        Assert.True(left.Covers(Flow(65535)));
    }

    [Fact]
    public void L27_The_very_flow_that_is_held_leaves_nothing()
    {
        var flow = Flow(40_000);
        Assert.Equal(flow, SelectorSet.Of(flow).SingleFlow);
        Assert.True(SelectorSet.Of(flow).Around([flow]).IsEmpty);
    }

    private static SelectorSet Service { get; } = SelectorSet.Of(Tcp(Here, 7000, 7000), Tcp(There, 0, 65535));

    private static FlowKey Flow(ushort port) => new(IpProtocol.Tcp, Here, 7000, There, port);

    private static TrafficSelector Tcp(InetAddress address, ushort first, ushort last) =>
        TrafficSelector.For(InetPrefix.Of(address), (byte)IpProtocol.Tcp, first, last);
}
