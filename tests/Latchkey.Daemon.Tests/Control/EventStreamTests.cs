using Latchkey.Daemon.Events;
using Xunit;

namespace Latchkey.Daemon.Tests.Control;

public class EventStreamTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_last_events_are_remembered_and_numbered()
    {
        var stream = new EventStream();
        for (var i = 0; i < EventStream.Remembered + 10; i++)
        {
            stream.Publish(FakeDaemon.Broken);
        }

        var past = stream.Past();
        Assert.Equal(EventStream.Remembered, past.Count);
        Assert.Equal((11, EventStream.Remembered + 10), (past[0].Seq, past[^1].Seq));
        Assert.Equal(EventStream.Remembered + 10, Assert.Single(stream.Past(after: EventStream.Remembered + 9)).Seq);
    }

    [Fact]
    public async Task A_slow_listener_is_dropped_after_what_it_was_given_and_told_why()
    {
        var stream = new EventStream();
        stream.Publish(FakeDaemon.Broken);
        await using var slow = stream.Follow(0, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await slow.MoveNextAsync());
        for (var i = 0; i < EventStream.BacklogMaximum + 1; i++)
        {
            stream.Publish(FakeDaemon.Broken);
        }

        for (var i = 0; i < EventStream.BacklogMaximum; i++)
        {
            Assert.True(await slow.MoveNextAsync());
        }

        await Assert.ThrowsAsync<SlowListenerException>(async () => await slow.MoveNextAsync());
    }

    [Fact]
    public async Task Nothing_is_lost_between_the_past_and_the_future()
    {
        var stream = new EventStream();
        stream.Publish(FakeDaemon.Broken);
        await using var listener = stream.Follow(0, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await listener.MoveNextAsync());
        stream.Publish(FakeDaemon.Broken);
        stream.Complete();

        Assert.True(await listener.MoveNextAsync());
        Assert.Equal(2, listener.Current.Seq);
        Assert.False(await listener.MoveNextAsync());
    }
}
