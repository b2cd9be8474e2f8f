using Latchkey.Wire;
using Xunit;
using static Latchkey.Latching.Tests.TestPolicy;

namespace Latchkey.Latching.Tests.Latches;

/// <summary>What a latch costs in memory, told by what its thread allocates: exact, whatever other tests do meanwhile.</summary>
public class LatchMemoryTests
{
    private const int Count = 10_000;

    [Fact]
    public void A_latch_costs_no_more_than_1024_octets_tables_and_their_growth_included()
    {
        var latches = new LatchDatabase();
        var channels = new ChannelTable();
        var entry = Entry("web", TrustLevel.Anyone, 7000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var n = 0; n < Count; n++)
        {
            latches.CreateEstablished(TimeSpan.Zero, Flow(7000, C, (ushort)n), entry, channels.For(Parameters(C, "C")));
        }

        // Making the parameters is the test's own expense.
        var own = GC.GetAllocatedBytesForCurrentThread();
        for (var n = 0; n < Count; n++)
        {
            channels.For(Parameters(C, "C"));
        }

        var each = (own - before - (GC.GetAllocatedBytesForCurrentThread() - own)) / Count;
        Assert.InRange(each, 1, 1024);
    }
}
