using CsCheck;
using Latchkey.Daemon.Journal;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Journal;

/// <summary>The journal as a file: what one daemon wrote is what the next one finds.</summary>
public sealed class LatchJournalTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-journal-").FullName;

    private string JournalFile => Path.Combine(_folder, "latches.journal");

    [Fact]
    public void There_is_nothing_at_the_first_start() => Assert.IsType<JournalReading.Nothing>(Open().Read());

    [Fact]
    public void L14_Whatever_happened_and_wherever_it_was_cut_the_next_daemon_finds_what_the_model_says() => Gen.Select(Step.Array[1, 30], Gen.Int[0, 400]).Sample(
        (steps, torn) =>
        {
            File.Delete(JournalFile);
            var model = new Dictionary<FlowKey, LatchRecord>();
            var before = new Dictionary<FlowKey, LatchRecord>();
            var lengthBefore = 0L;
            using (var journal = Open())
            {
                Assert.True(journal.TryRewrite([]));
                foreach (var step in steps)
                {
                    before = new(model);
                    lengthBefore = new FileInfo(JournalFile).Length;
                    if (step is { } record)
                    {
                        Assert.True(journal.TryAppend(record));
                        model[record.Flow] = record;
                    }
                    else
                    {
                        Assert.True(journal.TryRewrite(model.Values));
                        lengthBefore = new FileInfo(JournalFile).Length;
                    }
                }
            }

            // Killed while it wrote the last record: some of its octets are there, or all of them.
            var length = Math.Min(lengthBefore + torn, new FileInfo(JournalFile).Length);
            var whole = length == new FileInfo(JournalFile).Length;
            using (var stream = new FileStream(JournalFile, FileMode.Open))
            {
                stream.SetLength(length);
            }

            using var next = Open();
            Assert.Equal(
                (whole ? model : before).Values.Where(r => !r.IsReleased).ToHashSet(), Assert.IsType<JournalReading.Found>(next.Read()).Latches.ToHashSet());
        },
        iter: 200,
        threads: 1);

    [Fact]
    public void Only_its_owner_reads_it()
    {
        using var journal = Open();
        Assert.True(journal.TryRewrite([]));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(JournalFile));
    }

    [Fact]
    public void L40_One_that_others_may_have_written_is_refused()
    {
        using var journal = Open();
        Assert.True(journal.TryRewrite([]));
        File.SetUnixFileMode(JournalFile, OwnerOnly | UnixFileMode.OtherWrite);
        Assert.Contains("mode", Refused(), StringComparison.Ordinal);
        File.SetUnixFileMode(JournalFile, OwnerOnly);
        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.OtherWrite);
        Assert.Contains(_folder, Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void L40_What_is_no_file_is_refused()
    {
        Directory.CreateDirectory(JournalFile);
        using var journal = Open();
        Assert.IsNotType<JournalReading.Found>(journal.Read());
        Assert.False(journal.TryRewrite([]));
        Assert.NotNull(journal.Failure);
    }

    [Fact]
    public void L40_An_emptied_journal_is_refused_and_can_be_written_anew()
    {
        var record = JournalGen.Record.Where(r => !r.IsReleased).Single();
        using var journal = Open();
        Assert.True(journal.TryRewrite([record]));
        journal.Empty();
        Assert.Contains("emptied", Refused(), StringComparison.Ordinal);
        Assert.False(journal.TryAppend(record));
        Assert.True(journal.TryRewrite([record]));
        Assert.Equal([record], Assert.IsType<JournalReading.Found>(Open().Read()).Latches);
    }

    [Fact]
    public void After_unprotect_nothing_is_left()
    {
        using var journal = Open();
        Assert.True(journal.TryRewrite([]));
        LatchJournal.Delete(_folder);
        Assert.IsType<JournalReading.Nothing>(Open().Read());
        LatchJournal.Delete(_folder);
    }

    [Fact]
    public void A_journal_that_was_rewritten_while_its_folder_vanished_says_why()
    {
        using var journal = Open();
        Directory.Delete(_folder);
        Assert.False(journal.TryRewrite([]));
        Assert.NotNull(journal.Failure);
        Directory.CreateDirectory(_folder);
        Assert.True(journal.TryRewrite([]));
        Assert.Null(journal.Failure);
    }

    [Fact]
    public void L14_A_hundred_thousand_latches_come_back()
    {
        var one = JournalGen.Record.Where(r => r.State == LatchState.Established).Single();
        var all = Enumerable.Range(0, 100_000).Select(i => one with
        {
            Flow = one.Flow with { LocalPort = (ushort)(1 + (i / 50_000)), RemotePort = (ushort)(i % 50_000) },
        }).ToList();
        using (var journal = Open())
        {
            Assert.True(journal.TryRewrite(all));
        }

        using var next = Open();
        Assert.Equal(all.Count, Assert.IsType<JournalReading.Found>(next.Read()).Latches.Count);
        Assert.True(new FileInfo(JournalFile).Length < all.Count * 512L, "a latch takes less than 512 octets");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>A record, or null: the journal is compacted.</summary>
    private static Gen<LatchRecord?> Step => Gen.Frequency((9, JournalGen.Record.Select(r => (LatchRecord?)r)), (1, Gen.Const((LatchRecord?)null)));

    private LatchJournal Open() => new(_folder, JournalGen.Ours);

    private string Refused() => Assert.IsType<JournalReading.Refused>(Open().Read()).Why;
}
