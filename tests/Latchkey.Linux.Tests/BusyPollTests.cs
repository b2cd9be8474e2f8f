using Latchkey.Contract;
using Latchkey.Linux.Native;
using Xunit;

namespace Latchkey.Linux.Tests;

/// <summary>Looking again instead of sleeping, in a time that passes only while somebody looks or waits.</summary>
public class BusyPollTests
{
    private static readonly TimeSpan Look = TimeSpan.FromMicroseconds(2);

    private readonly PacketBatch _batch = new(1, 64);
    private readonly Clock _clock = new();
    private TimeSpan _nextPacket = TimeSpan.MaxValue;

    [Fact]
    public void A_packet_that_comes_within_the_moment_is_found_without_sleep()
    {
        var poll = new BusyPoll(TakeOne, _clock);
        _nextPacket = BusyPoll.Moment / 2;

        Assert.Equal(1, poll.LookAgain(_batch));
        Assert.InRange(_clock.Now, _nextPacket, _nextPacket + Look);
    }

    [Fact]
    public void When_nothing_comes_it_ends_with_the_moment()
    {
        var poll = new BusyPoll(TakeOne, _clock);

        Assert.Equal(0, poll.LookAgain(_batch));
        Assert.InRange(_clock.Now, BusyPoll.Moment, BusyPoll.Moment + Look);
    }

    [Fact]
    public void Looking_in_vain_takes_no_more_than_its_share_of_the_time()
    {
        var poll = new BusyPoll(TakeOne, _clock);
        var wasted = TimeSpan.Zero;
        while (_clock.Now < TimeSpan.FromSeconds(10))
        {
            var before = _clock.Now;
            Assert.Equal(0, poll.LookAgain(_batch));
            wasted += _clock.Now - before;
            _clock.Now += TimeSpan.FromMicroseconds(150); // asleep
        }

        Assert.InRange(wasted, TimeSpan.Zero, BusyPoll.MostCredit + (_clock.Now * BusyPoll.Share * 1.05));
    }

    [Fact]
    public void A_conversation_is_looked_after_for_as_long_as_it_lasts()
    {
        var poll = new BusyPoll(TakeOne, _clock);
        for (var packet = 0; packet < 100_000; packet++)
        {
            _nextPacket = _clock.Now + (BusyPoll.Moment * 0.9);
            Assert.Equal(1, poll.LookAgain(_batch));
        }
    }

    [Fact]
    public void Credit_comes_back_with_time_but_not_without_end()
    {
        var poll = new BusyPoll(TakeOne, _clock);
        _clock.Now = TimeSpan.FromHours(1);
        var moments = 0;
        for (TimeSpan before; ; moments++)
        {
            before = _clock.Now;
            poll.LookAgain(_batch);
            if (_clock.Now == before)
            {
                break;
            }
        }

        Assert.InRange(moments, (int)(BusyPoll.MostCredit / BusyPoll.Moment), (int)(BusyPoll.MostCredit / BusyPoll.Moment * 1.1));
    }

    private int TakeOne(PacketBatch batch)
    {
        _clock.Now += Look;
        return _clock.Now >= _nextPacket ? 1 : 0;
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
