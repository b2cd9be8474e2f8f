using Latchkey.Daemon.Hosting;
using Latchkey.Latching;
using Latchkey.Linux.Netlink;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Hosting;

/// <summary>What is wished for a listener belongs to one socket.</summary>
public sealed class ListenerWishesTests : IDisposable
{
    private static readonly ListenerKey Key = new(IpProtocol.Tcp, InetAddress.AnyV4, 7000);

    private readonly ListenerWishes _wishes = new();

    public void Dispose() => _wishes.Dispose();

    [Fact]
    public void L31_The_next_socket_at_the_same_address_begins_without_wishes()
    {
        Assert.False(_wishes.Note(Key, 1));
        Assert.False(_wishes.Note(Key, 1));
        Assert.True(_wishes.Note(Key, 2));

        Assert.Empty(_wishes.Orphaned([Listening(2)]));
        Assert.Equal([Key], _wishes.Orphaned([Listening(3)]));
        Assert.Empty(_wishes.Orphaned([]));
    }

    [Fact]
    public async Task Looks_at_the_sockets_come_one_after_the_other()
    {
        var first = new TaskCompletionSource<int>();
        var looking = _wishes.InTurnAsync(() => first.Task, TestContext.Current.CancellationToken);
        var waiting = _wishes.InTurnAsync(() => Task.FromResult(first.Task.IsCompleted), TestContext.Current.CancellationToken);

        Assert.False(waiting.IsCompleted);
        first.SetResult(1);

        Assert.Equal(1, await looking);
        Assert.True(await waiting);
    }

    private static SocketEntry Listening(uint inode) =>
        new(new FlowKey(Key.Protocol, Key.Local, Key.LocalPort, InetAddress.AnyV4, 0), SocketState.Listen, 1000, inode);
}
