using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>Flows that go in clear (<c>clear = "until-ipsec"</c>) pass the datapath only to begin.</summary>
public class ClearTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.7")]
    [InlineData("2001:db8::1", "2001:db8::7")]
    public void B13_No_first_packet_is_lost_in_either_direction(string here, string there)
    {
        var (tcp, udp) = (Flow(IpProtocol.Tcp, here, there), Flow(IpProtocol.Udp, here, there));
        var path = new RecordingClearPath();
        using var host = new Host(tcp.Local, clear: path);
        var (syn, datagram) = (Packets.Tcp(tcp, TcpFlags.Syn), Packets.Udp(udp.Reversed));
        host.Send(syn);
        host.Datapath.ProcessClear(datagram);
        Assert.Equal([$"outbound {tcp}", $"clear {udp}"], host.Events.Take());
        Assert.Empty(path.Done);

        host.Datapath.Clear(tcp);
        host.Datapath.Clear(udp);
        host.Pass(1);
        Assert.Equal([$"open {tcp}", $"send {Packets.Essence(syn)}", $"open {udp}"], path.Done);
        Assert.Equal([Packets.Essence(datagram)], host.Delivered().Select(Packets.Essence));
        Assert.Empty(host.Udp.TakeSent());
    }

    [Fact]
    public void What_the_kernel_did_not_carry_yet_is_sent_in_clear()
    {
        var path = new RecordingClearPath();
        using var host = new Host(W, clear: path);
        host.Datapath.Clear(Tcp);
        host.Send(Packets.Tcp(Tcp, TcpFlags.Ack, payload: 3));
        Assert.Equal(2, path.Done.Count);
        Assert.Empty(host.Events.Take());
    }

    [Fact]
    public void B13_A_SYN_is_a_new_question_whatever_the_flow_was_told_before()
    {
        var path = new RecordingClearPath();
        using var host = new Host(W, clear: path);
        host.Datapath.Clear(Tcp);
        host.Send(Packets.Tcp(Tcp, TcpFlags.Syn));
        Assert.Equal([$"open {Tcp}", $"close {Tcp}"], path.Done);
        Assert.Equal([$"outbound {Tcp}"], host.Events.Take());

        host.InstallPair(C, mine: 0x1001, theirs: 0x2002);
        host.Datapath.Bind(Tcp, Host.Channel);
        Assert.Single(host.Udp.TakeSent());
        Assert.Equal(2, path.Done.Count);
    }

    [Fact]
    public void B13_Nothing_that_came_in_clear_reaches_the_socket_of_a_flow_that_is_protected()
    {
        var path = new RecordingClearPath();
        using var host = new Host(W, clear: path);
        host.Datapath.ProcessClear(Packets.Tcp(Tcp.Reversed, TcpFlags.Syn));
        Assert.Equal([$"clear {Tcp}"], host.Events.Take());
        host.InstallPair(C, mine: 0x1001, theirs: 0x2002);
        host.Datapath.Bind(Tcp, Host.Channel);
        host.Datapath.ProcessClear(Packets.Tcp(Tcp.Reversed, TcpFlags.Syn));
        host.Pass(1);
        Assert.Empty(host.Delivered());
        Assert.Empty(host.Events.Take());
        Assert.Equal(1, host.Drops(DropReason.ClearRefused));
    }

    [Fact]
    public void B13_A_flow_that_was_latched_or_blocked_never_goes_in_clear()
    {
        var path = new RecordingClearPath();
        using var host = new Host(W, clear: path);
        host.Datapath.Bind(Tcp, Host.Channel);
        Assert.Throws<InvalidOperationException>(() => host.Datapath.Clear(Tcp));
        host.Datapath.Block(Tcp, DropReason.LatchBroken);
        Assert.Throws<InvalidOperationException>(() => host.Datapath.Clear(Tcp));
        Assert.Empty(path.Done);
    }

    [Fact]
    public void B13_Nothing_under_an_SA_reaches_the_socket_of_a_flow_in_clear()
    {
        using var pair = new Pair(bind: false, clear: new RecordingClearPath());
        pair.C.Datapath.Bind(pair.Tcp, Host.Channel);
        pair.W.Datapath.Clear(pair.Tcp.Reversed);
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack));
        pair.C.CarryTo(pair.W);
        Assert.Empty(pair.W.Delivered());
        Assert.Equal(1, pair.W.Drops(DropReason.LatchMismatch));
    }

    [Fact]
    public void A_flow_in_clear_ends_in_the_kernel_when_it_is_forgotten_or_blocked()
    {
        var path = new RecordingClearPath();
        using var host = new Host(W, clear: path);
        host.Datapath.Clear(Tcp);
        host.Datapath.Forget(Tcp);
        host.Datapath.Clear(Tcp);
        host.Datapath.Block(Tcp, DropReason.PolicyRefused);
        Assert.Equal([$"open {Tcp}", $"close {Tcp}", $"open {Tcp}", $"close {Tcp}"], path.Done);
    }

    [Fact]
    public void A_flow_that_the_kernel_does_not_take_stays_closed_and_is_asked_about_again()
    {
        var path = new RecordingClearPath { Refuses = true };
        using var host = new Host(W, clear: path);
        host.Send(Packets.Tcp(Tcp, TcpFlags.Syn));
        host.Events.Take();
        host.Datapath.Clear(Tcp);
        Assert.Equal(1, host.Drops(DropReason.ClearRefused));
        host.Send(Packets.Tcp(Tcp, TcpFlags.Syn));
        Assert.Equal([$"outbound {Tcp}"], host.Events.Take());
        Assert.DoesNotContain(path.Done, line => line.StartsWith("send", StringComparison.Ordinal));
    }

    [Fact]
    public void Noise_that_arrives_in_clear_raises_no_question()
    {
        using var host = new Host(W);
        var syn = Packets.Tcp(Tcp.Reversed, TcpFlags.Syn);
        for (var length = 0; length < syn.Length; length++)
        {
            host.Datapath.ProcessClear(syn.AsSpan(0, length));
        }

        Assert.Empty(host.Events.Take());
    }

    private static readonly InetAddress W = InetAddress.Parse("192.0.2.1");
    private static readonly InetAddress C = InetAddress.Parse("192.0.2.7");
    private static readonly FlowKey Tcp = new(IpProtocol.Tcp, W, 40000, C, 7000);

    private static FlowKey Flow(IpProtocol protocol, string here, string there) => new(protocol, InetAddress.Parse(here), 40000, InetAddress.Parse(there), 7000);

    private sealed class RecordingClearPath : IClearPath
    {
        public List<string> Done { get; } = [];

        public bool Refuses { get; init; }

        public bool TryOpen(FlowKey flow)
        {
            Done.Add($"open {flow}");
            return !Refuses;
        }

        public void Close(FlowKey flow) => Done.Add($"close {flow}");

        public void Send(ReadOnlySpan<byte> packet) => Done.Add($"send {Packets.Essence(packet.ToArray())}");
    }
}
