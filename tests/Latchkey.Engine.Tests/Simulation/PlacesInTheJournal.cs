using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>
/// What W writes down when C's tunnel moves: the addresses of its ends, with each of its latches. C is behind a NAT, and moves
/// between its private addresses, or out into the open.
/// </summary>
public sealed class PlacesInTheJournal() : TunnelTheatre(OfW, OfC, nat: (Public, [Outer.Remote, NextDoor]))
{
    private static readonly InetAddress Public = InetAddress.Parse("198.51.100.99");
    private static readonly InetAddress NextDoor = InetAddress.Parse("192.0.2.102");
    private static readonly InetAddress Open = InetAddress.Parse("203.0.113.2");
    private static readonly ProtectEntry OfW = Entry with { Tunnel = new AddressPair(Outer.Local, Public) { Moves = true }, OtherRemote = [InetPrefix.Of(Open)] };
    private static readonly ProtectEntry OfC = Mirrored(Entry with { Tunnel = Outer with { Moves = true } }) with { OtherLocal = [NextDoor, Open] };

    [Fact]
    public void L14_Where_only_the_port_is_another_nothing_is_written_down()
    {
        var (here, there) = Connect();
        var (written, before) = (W.Journal.Appended, Assert.Single(W.Daemon!.Engine.Sas()).Remote);
        C.Move(Outer.Remote, NextDoor);
        Exchange(here, there);
        var after = Assert.Single(W.Daemon.Engine.Sas()).Remote;
        Assert.Equal(Public, after.Address);
        Assert.NotEqual(before.Port, after.Port);
        Assert.Single(W.Daemon.Raised, e => e.Kind == EventKind.ChannelMoved);
        Assert.Equal(written, W.Journal.Appended);
    }

    [Fact]
    public void L14_Where_an_address_is_another_each_latch_is_written_down_once()
    {
        var (here, there) = Connect();
        var second = C.Sockets.Connect(Inner.Remote, Inner.Local);
        Until(() => second.IsEstablished);
        var written = W.Journal.Appended;
        C.Move(Outer.Remote, Open);
        Exchange(here, there);
        Assert.Equal(written + 2, W.Journal.Appended);
        Assert.Equal([Open, Open], W.Journal.Records.Select(record => record.Ends!.Value.Remote));
    }
}
