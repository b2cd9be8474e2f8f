using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.Pins;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Hosting;

/// <summary>Order is safety (RFC 5660 §2.3): effects are done one after the other, each before the next begins.</summary>
public class EffectOrderTests
{
    private static readonly FlowKey Flow = new(IpProtocol.Tcp, InetAddress.Parse("192.0.2.1"), 7000, InetAddress.Parse("192.0.2.7"), 40000);

    [Fact]
    public void L28_S12_A_flow_is_blocked_and_its_owner_told_before_the_newcomer_is_answered()
    {
        var done = new Recorder();
        var runner = new EffectRunner(done, done, done, e => done.Done.Add($"raise {e.Kind}"), host => done.Done.Add($"record {host}"), _ => done.Done.Add("await its owner"), lost => done.Done.Add($"deliver to {string.Join(' ', lost)}"), (path, ends) => done.Done.Add($"path to {ends.Remote}"), keys: null);
        using var key = SigningKey.Generate(SystemRandom.Instance);
        var here = new InetEndpoint(Flow.Local, 500);
        var there = new InetEndpoint(Flow.Remote, 500);

        foreach (var effect in new Effect[]
        {
            new BlockFlow(Flow, DropReason.LatchBroken),
            new Raise(new EngineEvent(EventKind.LatchBroken, TimeSpan.Zero, "")),
            new DeliverToLostAddresses([Flow.Local]),
            new NotifyFlow(Flow, FlowNotice.Reset),
            new RemoveSa(SaDirection.Outbound, new ChannelId(2), 1),
            new MoveSa(new ChannelId(2), 3, here, there, Encapsulation.Udp),
            new PathMoved(AddressPair.Of(Flow) with { Moves = true }, AddressPair.Of(Flow)),
            new FollowFlow(Flow with { LocalPort = 1 }, TimeSpan.FromMinutes(5)),
            new BindFlow(Flow with { LocalPort = 1 }, new ChannelId(2)),
            new ForgetFlow(Flow),
            new RecordPin(new Pin(Flow.Remote, default, PinOrigin.FirstUse), key.Public, null),
            new RecordIpsecHost(Flow.Remote),
            new ClearFlowOpened(Flow),
            new SendIke(here, there, [1, 2, 3]),
            new SendNatKeepalive(here, there),
        })
        {
            runner.Run(effect);
        }

        Assert.Equal(["block", "raise LatchBroken", "deliver to 192.0.2.1", "await its owner", "notify Reset", "remove Outbound 1", "move 3", "path to 192.0.2.7", "follow 00:05:00", "bind channel 2", "forget", "pin 192.0.2.7", "record 192.0.2.7", "clear", "send 3", "keep alive"], done.Done);
    }

    [Theory]
    [InlineData(500, "010203")]
    [InlineData(4500, "00000000010203")]
    public void IKE_leaves_port_4500_behind_four_zero_octets(ushort port, string octets)
    {
        var (on500, on4500) = (new RecordingLink(), new RecordingLink());
        var links = new IkeLinks(on500, on4500);
        var here = new InetEndpoint(Flow.Local, port);

        links.Send(here, new InetEndpoint(Flow.Remote, port), [1, 2, 3]);
        links.Send(here, new InetEndpoint(Flow.Remote, port), new byte[70000]);

        var (used, unused) = port == 500 ? (on500, on4500) : (on4500, on500);
        Assert.Equal([octets], used.Sent);
        Assert.Empty(unused.Sent);
    }

    [Fact]
    public void A_NAT_keepalive_is_one_octet_from_port_4500()
    {
        var (on500, on4500) = (new RecordingLink(), new RecordingLink());
        new IkeLinks(on500, on4500).KeepAlive(new InetEndpoint(Flow.Local, 4500), new InetEndpoint(Flow.Remote, 4500));

        Assert.Equal(["ff"], on4500.Sent);
        Assert.Empty(on500.Sent);
    }

    private sealed class Recorder : IDatapath, IIkeSender, IPinKeeper
    {
        public List<string> Done { get; } = [];

        public void Keep(RecordPin record) => Done.Add($"pin {record.Pin.Address}");

        public void Count(CountSighting sighting) => Done.Add("count");

        public void Install(EspSa sa) => Done.Add("install");

        public void Remove(SaDirection direction, ChannelId channel, uint spi) => Done.Add($"remove {direction} {spi}");

        public void Move(ChannelId channel, uint spi, InetEndpoint local, InetEndpoint remote, Encapsulation encapsulation) => Done.Add($"move {spi}");

        public void Bind(FlowKey flow, ChannelId channel) => Done.Add($"bind {channel}");

        public void Clear(FlowKey flow) => Done.Add("clear");

        public void Follow(FlowKey flow, TimeSpan idle) => Done.Add($"follow {idle}");

        public void Block(FlowKey flow, DropReason reason) => Done.Add("block");

        public void Forget(FlowKey flow) => Done.Add("forget");

        public void Notify(FlowKey flow, FlowNotice notice) => Done.Add($"notify {notice}");

        public void Send(InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message) => Done.Add($"send {message.Length}");

        public void KeepAlive(InetEndpoint local, InetEndpoint remote) => Done.Add("keep alive");
    }
}
