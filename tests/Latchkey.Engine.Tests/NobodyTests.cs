using Latchkey.Latching;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>Peers that prove nothing (RFC 7619): not latched, and nevertheless nobody goes on with what another began.</summary>
public class NobodyTests
{
    [Fact]
    public void A_flow_with_nobody_is_no_latch_and_is_not_written_down()
    {
        var journal = new Journal();
        using var pair = new EnginePair(birth: null, tokens: false, nobodies: true, journalOfW: journal);
        Assert.Empty(journal.Records);
        Assert.True(pair.Latch.IsToNobody);
        Assert.Null(pair.Latch.PeerKey);
        Assert.Contains(pair.Told, e => e.Kind == EventKind.FlowUnlatched);
        Assert.DoesNotContain(pair.Told, e => e.Kind == EventKind.LatchEstablished);
    }

    [Fact]
    public void Another_nobody_at_the_address_breaks_what_the_first_began_when_that_one_is_silent()
    {
        using var pair = new EnginePair(birth: null, tokens: false, nobodies: true);
        pair.RestartC(birth: null, tokens: false);
        pair.CConnects(40001);
        Assert.Equal(LatchState.Broken, pair.Latch.State);
        Assert.Equal(nameof(BreakReason.PeerReplaced), pair.Latch.Reason);
        // The first one was asked before anybody believed that it is gone (RFC 7619 §2.3).
        Assert.Contains(pair.Told, e => e.Kind == EventKind.ProbeSilent);
    }

    [Fact]
    public void A_latch_to_somebody_is_written_down()
    {
        var journal = new Journal();
        using var pair = new EnginePair(journalOfW: journal);
        Assert.NotEmpty(journal.Records);
        Assert.False(pair.Latch.IsToNobody);
    }

    private sealed class Journal : ILatchJournal
    {
        public List<LatchRecord> Records { get; } = [];

        public string? Failure => null;

        public bool TryAppend(LatchRecord record)
        {
            Records.Add(record);
            return true;
        }

        public bool TryRewrite(IEnumerable<LatchRecord> records)
        {
            Records.AddRange(records);
            return true;
        }

        public void Empty() => Records.Clear();
    }
}
