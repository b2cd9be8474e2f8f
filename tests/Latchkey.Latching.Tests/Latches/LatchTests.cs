using Latchkey.Wire;
using Xunit;
using static Latchkey.Latching.Tests.TestPolicy;

namespace Latchkey.Latching.Tests.Latches;

public class LatchTests
{
    private static readonly ProtectEntry Web = Entry("web", TrustLevel.Anyone, 7000);
    private static readonly TimeSpan Now = TimeSpan.FromSeconds(5);

    private readonly LatchDatabase _latches = new();
    private readonly ChannelTable _channels = new();

    [Fact]
    public void L2_A_larval_latch_conducts_nothing()
    {
        var latch = _latches.CreateLarval(Now, Flow(7000, C, 40000), Web);
        Assert.Equal(LatchState.Larval, latch.State);
        Assert.False(latch.Conducts);
        Assert.Null(latch.Channel);
    }

    [Fact]
    public void L12_A_latch_is_established_once_and_keeps_its_channel()
    {
        var latch = Established(C);
        var other = _channels.For(Parameters(C, "D"));
        Assert.Throws<InvalidOperationException>(() => _latches.Establish(Now, latch, other));
        latch.Break(Now, BreakReason.PeerReplaced);
        latch.Restore(Now);
        Assert.Same(_channels.For(Parameters(C, "C")), latch.Channel);
    }

    [Fact]
    public void L36_A_broken_latch_conducts_nothing_and_keeps_its_first_reason()
    {
        var latch = Established(C);
        latch.Break(Now, BreakReason.PeerReplaced);
        Assert.False(latch.Conducts);
        Assert.Throws<InvalidOperationException>(() => latch.Break(Now, BreakReason.PolicyChanged));
        Assert.Equal(BreakReason.PeerReplaced, latch.BrokenBy);
    }

    [Theory]
    [InlineData(BreakReason.PeerRestarted)]
    [InlineData(BreakReason.PeerDead)]
    [InlineData(BreakReason.LocalAddressLost)]
    public void L16_Some_breaks_are_beyond_repair(BreakReason reason)
    {
        var latch = Established(C);
        latch.Break(Now, reason);
        Assert.True(latch.IsBeyondRepair);
        Assert.Throws<InvalidOperationException>(() => latch.Restore(Now));
    }

    [Fact]
    public void Closed_is_final_and_keeps_its_first_reason()
    {
        var latch = Established(C);
        latch.Close(Now, ClosedReason.Administrative);
        latch.Close(Now, ClosedReason.Released);
        Assert.Equal(ClosedReason.Administrative, latch.ClosedBy);
        Assert.Throws<InvalidOperationException>(() => latch.Break(Now, BreakReason.PeerReplaced));
    }

    [Fact]
    public void A_flow_has_one_latch_until_it_is_released()
    {
        var latch = Established(C);
        Assert.Throws<InvalidOperationException>(() => _latches.CreateLarval(Now, latch.Flow, Web));
        _latches.Release(Now, latch);
        Assert.Null(_latches.Find(latch.Flow));
        Assert.NotEqual(latch.Id, _latches.CreateLarval(Now, latch.Flow, Web).Id);
    }

    [Fact]
    public void The_last_latch_gives_its_channel_back()
    {
        var first = Established(C, 40000);
        var second = Established(C, 40001);
        Assert.Null(_latches.Release(Now, first));
        Assert.Same(second.Channel, _latches.Release(Now, second));
    }

    [Fact]
    public void Numbers_of_channels_and_latches_are_not_used_again()
    {
        var channel = _channels.For(Parameters(C, "C"));
        _channels.Release(channel);
        Assert.NotEqual(channel.Id, _channels.For(Parameters(C, "C")).Id);
    }

    [Fact]
    public void L25_Listeners_are_unique_by_address_protocol_and_port_and_the_narrowest_gives_birth()
    {
        var all = new ListenerKey(IpProtocol.Tcp, InetAddress.AnyV4, 7000);
        var one = new ListenerKey(IpProtocol.Tcp, W, 7000);
        Assert.True(_latches.TryCreateListener(Now, all, Web, out _));
        Assert.False(_latches.TryCreateListener(Now, all, Web, out _));
        Assert.Equal(all, _latches.FindListener(Flow(7000, C, 40000))?.Key);
        Assert.True(_latches.TryCreateListener(Now, one, Web, out _));
        Assert.Equal(one, _latches.FindListener(Flow(7000, C, 40000))?.Key);
        Assert.True(_latches.ReleaseListener(one));
        Assert.True(_latches.ReleaseListener(all));
        Assert.Null(_latches.FindListener(Flow(7000, C, 40000)));
    }

    [Fact]
    public void A_socket_that_listens_on_all_ipv6_addresses_listens_on_ipv4_too()
    {
        _latches.TryCreateListener(Now, new ListenerKey(IpProtocol.Tcp, InetAddress.AnyV6, 7000), Web, out _);
        Assert.NotNull(_latches.FindListener(Flow(7000, C, 40000)));
    }

    private Latch Established(InetAddress remote, ushort port = 40000) =>
        _latches.CreateEstablished(Now, Flow(7000, remote, port), Web, _channels.For(Parameters(remote, "C")));
}
