using CsCheck;
using Xunit;

namespace Latchkey.Datapath.Tests;

public class ReplayWindowTests
{
    [Fact]
    public void The_window_accepts_what_a_set_of_all_numbers_accepts() =>
        Gen.Select(Gen.ULong[1, 1UL << 40], Gen.Int[-3000, 3000].Array[1, 400]).Sample((start, steps) =>
        {
            var window = new ReplayWindow(esn: true, start);
            var seen = new HashSet<ulong>();
            var highest = start;
            foreach (var step in steps)
            {
                var sequence = (ulong)Math.Max(0, (long)highest + step);
                var fresh = sequence != 0 && (sequence > highest || (highest - sequence < ReplayWindow.Size && !seen.Contains(sequence)));
                Assert.Equal(fresh, window.IsFresh(sequence));
                if (fresh)
                {
                    window.Accept(sequence);
                    seen.Add(sequence);
                    highest = Math.Max(highest, sequence);
                    Assert.Equal(highest, window.Highest);
                }
            }
        });

    [Fact]
    public void The_high_half_is_inferred_for_everything_near_the_window() =>
        Gen.Select(Gen.ULong[1, 1UL << 40], Gen.Int[-(ReplayWindow.Size - 1), 1_000_000]).Sample((highest, distance) =>
        {
            var sequence = (long)highest + distance;
            if (sequence > 0)
            {
                Assert.Equal((ulong)sequence, new ReplayWindow(esn: true, highest).Infer((uint)sequence));
            }
        });

    [Fact]
    public void Nothing_lies_before_the_first_packet() =>
        Assert.False(new ReplayWindow(esn: true).IsFresh(new ReplayWindow(esn: true).Infer(uint.MaxValue)));
}
