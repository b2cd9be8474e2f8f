using System.Buffers;
using System.Buffers.Binary;
using CsCheck;
using Latchkey.Daemon.Journal;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Journal;

/// <summary>A journal is read as it was written, or not at all: no damage makes one latch look like another (L14, L40).</summary>
public class JournalFormatTests
{
    [Fact]
    public void L14_What_was_written_is_read() => JournalGen.Record.Array[0, 20].Sample(records =>
    {
        var (read, cut) = JournalFormat.Read(Write(records), JournalGen.Ours);
        return cut == 0 && Standing(records).SetEquals(read);
    });

    [Fact]
    public void L14_A_journal_that_ends_anywhere_is_the_journal_of_the_records_that_are_whole() => JournalGen.Record.Array[1, 4].Sample(
        records =>
        {
            var ends = Enumerable.Range(0, records.Length + 1).Select(count => Write(records[..count]).Length).ToArray();
            var journal = Write(records);
            for (var length = JournalHeader.Length; length <= journal.Length; length++)
            {
                var whole = ends.Count(end => end <= length) - 1;
                var (read, cut) = JournalFormat.Read(journal.AsSpan(0, length), JournalGen.Ours);
                Assert.Equal(length - ends[whole], cut);
                Assert.Equal(Standing(records[..whole]), read.ToHashSet());
            }
        },
        iter: 20);

    [Fact]
    public void L40_A_journal_without_its_whole_header_is_refused()
    {
        var journal = Write([JournalGen.Record.Single()]);
        for (var length = 0; length < JournalHeader.Length; length++)
        {
            Refused(journal[..length]);
        }
    }

    [Fact]
    public void L40_A_flipped_bit_anywhere_refuses_the_journal() => JournalGen.Record.Array[1, 3].Sample(
        records =>
        {
            var journal = Write(records);
            for (var bit = 0; bit < journal.Length * 8; bit++)
            {
                journal[bit / 8] ^= (byte)(1 << (bit % 8));
                Refused(journal);
                journal[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        },
        iter: 5);

    [Fact]
    public void L40_A_record_that_is_missing_or_there_twice_refuses_the_journal()
    {
        var records = JournalGen.Record.Array[3].Single();
        var (one, two) = (Write(records[..1]).Length, Write(records[..2]).Length);
        var journal = Write(records);
        Refused([.. journal[..one], .. journal[two..]]);
        Refused([.. journal[..two], .. journal[one..]]);
        Refused([.. journal, .. new byte[100]]);
    }

    [Fact]
    public void L15_A_journal_of_another_boot_is_refused() =>
        Assert.Contains("boot", Refused(Write([], JournalGen.Ours with { BootId = Guid.NewGuid() })), StringComparison.Ordinal);

    [Fact]
    public void B10_A_journal_of_another_key_is_refused() =>
        Assert.Contains("key", Refused(Write([], JournalGen.Ours with { Identity = JournalGen.Key(2) })), StringComparison.Ordinal);

    [Fact]
    public void A_journal_of_another_format_is_refused_by_its_number()
    {
        var journal = Write([]);
        BinaryPrimitives.WriteUInt32BigEndian(journal.AsSpan(8), 7);
        Assert.Contains("format 7", Refused(journal), StringComparison.Ordinal);
    }

    [Fact]
    public void A_fact_that_a_newer_program_wrote_refuses_the_journal()
    {
        byte[] body = [.. LatchRecordFormat.ToBytes(JournalGen.Record.Single()), 200, 0, 1, 0];
        Assert.Contains("field 200", Assert.Throws<JournalException>(() => LatchRecordFormat.Read(body, [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Anything_else_that_is_in_a_record_is_refused_and_never_crashes() => Gen.Select(JournalGen.Record, Gen.Byte, Gen.Int[0, 1000]).Sample((record, octet, place) =>
    {
        var body = LatchRecordFormat.ToBytes(record).ToArray();
        body[place % body.Length] = octet;
        try
        {
            LatchRecordFormat.Read(body, []);
        }
        catch (JournalException)
        {
            // The only way to fail.
        }
    });

    private static byte[] Write(LatchRecord[] records, JournalHeader? header = null)
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write((header ?? JournalGen.Ours).ToBytes());
        for (var i = 0; i < records.Length; i++)
        {
            JournalFormat.Write(output, records[i], (ulong)i + 1);
        }

        return output.WrittenSpan.ToArray();
    }

    private static string Refused(byte[] journal) => Assert.Throws<JournalException>(() => JournalFormat.Read(journal, JournalGen.Ours)).Message;

    private static HashSet<LatchRecord> Standing(IEnumerable<LatchRecord> records)
    {
        var last = new Dictionary<FlowKey, LatchRecord>();
        foreach (var record in records)
        {
            last[record.Flow] = record;
        }

        return [.. last.Values.Where(record => record.ClosedBy != ClosedReason.Released)];
    }
}
