using System.Buffers.Binary;
using Latchkey.Daemon.Journal;

namespace Latchkey.Fuzz;

/// <summary>Checksums would hide what lies behind them from a fuzzer, so they are made right: a disk that lies, or somebody who writes there.</summary>
internal sealed class JournalTarget : FuzzTarget
{
    private const int Frame = 16;

    private static readonly JournalHeader Header = new(new Guid("11111111-2222-3333-4444-555555555555"), default);

    public override string Name => "journal";

    public override string About => "bodies of journal records, each behind its length (2 octets)";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        var journal = new List<byte>(Header.ToBytes());
        for (ulong number = 1; input.Length >= 2; number++)
        {
            var length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(input), input.Length - 2);
            journal.AddRange(Record(number, input.Slice(2, length)));
            input = input[(2 + length)..];
        }

        try
        {
            JournalFormat.Read([.. journal], Header);
        }
        catch (JournalException)
        {
            // A damaged journal is refused in so many words.
        }
    }

    private static byte[] Record(ulong number, ReadOnlySpan<byte> body)
    {
        var record = new byte[Frame + body.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(record, body.Length);
        BinaryPrimitives.WriteUInt64BigEndian(record.AsSpan(4), number);
        BinaryPrimitives.WriteUInt32BigEndian(record.AsSpan(12), Crc32C.Of(record.AsSpan(0, 12)));
        body.CopyTo(record.AsSpan(Frame));
        BinaryPrimitives.WriteUInt32BigEndian(record.AsSpan(Frame + body.Length), Crc32C.Of(body));
        return record;
    }
}
