using System.Buffers;
using System.Buffers.Binary;
using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Journal;

/// <summary>
/// A latch journal: the <see cref="JournalHeader"/>, then records one after the other. A record is, in network order, the
/// length of its body (4 octets), its number counted from 1 (8), CRC-32C of these twelve (4), the body
/// (<see cref="LatchRecordFormat"/>), CRC-32C of the body (4).
/// </summary>
/// <remarks>
/// A process that is killed while it appends leaves the beginning of a record: that record never took effect, and is cut
/// off. Because the length has a checksum of its own, nothing else looks like that.
/// </remarks>
internal static class JournalFormat
{
    private const int RecordHeader = 16;
    private const int Trailer = 4;

    /// <summary>Far above what a record takes.</summary>
    private const int LargestBody = 1 << 16;

    public static void Write(IBufferWriter<byte> output, LatchRecord record, ulong number)
    {
        var body = LatchRecordFormat.ToBytes(record);
        var span = output.GetSpan(RecordHeader + body.Length + Trailer);
        BinaryPrimitives.WriteInt32BigEndian(span, body.Length);
        BinaryPrimitives.WriteUInt64BigEndian(span[4..], number);
        BinaryPrimitives.WriteUInt32BigEndian(span[12..], Crc32C.Of(span[..12]));
        body.CopyTo(span[RecordHeader..]);
        BinaryPrimitives.WriteUInt32BigEndian(span[(RecordHeader + body.Length)..], Crc32C.Of(body));
        output.Advance(RecordHeader + body.Length + Trailer);
    }

    /// <returns>The last record of every flow, without those that say that the latch is gone; and octets cut off at the end.</returns>
    /// <exception cref="JournalException">The journal is damaged, or not this host's.</exception>
    public static (IReadOnlyCollection<LatchRecord> Records, int Cut) Read(ReadOnlySpan<byte> journal, JournalHeader expected)
    {
        if (!expected.Accepts(journal, out var why))
        {
            throw new JournalException(why);
        }

        var latches = new Dictionary<FlowKey, LatchRecord>();
        var proofs = new Dictionary<string, (PeerKey, PeerKey, byte[])>();
        var at = JournalHeader.Length;
        for (ulong number = 1; TryRead(journal[at..], number, proofs, out var record, out var length); number++, at += length)
        {
            if (record!.IsReleased)
            {
                latches.Remove(record.Flow);
            }
            else
            {
                latches[record.Flow] = record;
            }
        }

        return (latches.Values, journal.Length - at);
    }

    /// <returns>False at the end, also when the last record was not written to its end.</returns>
    private static bool TryRead(
        ReadOnlySpan<byte> rest, ulong number, Dictionary<string, (PeerKey Local, PeerKey Peer, byte[] Digest)> proofs, out LatchRecord? record, out int length)
    {
        (record, length) = (null, 0);
        if (rest.Length < RecordHeader)
        {
            return false;
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(rest[12..]) != Crc32C.Of(rest[..12]))
        {
            throw new JournalException($"the header of record {number} is damaged");
        }

        var body = BinaryPrimitives.ReadUInt32BigEndian(rest);
        if (body > LargestBody || BinaryPrimitives.ReadUInt64BigEndian(rest[4..]) != number)
        {
            throw new JournalException($"where record {number} should be is record {BinaryPrimitives.ReadUInt64BigEndian(rest[4..])} with {body} octets");
        }

        length = RecordHeader + (int)body + Trailer;
        if (rest.Length < length)
        {
            return false;
        }

        var octets = rest.Slice(RecordHeader, (int)body);
        if (BinaryPrimitives.ReadUInt32BigEndian(rest[(length - Trailer)..]) != Crc32C.Of(octets))
        {
            throw new JournalException($"record {number} is damaged");
        }

        try
        {
            record = LatchRecordFormat.Read(octets, proofs);
            return true;
        }
        catch (JournalException e)
        {
            throw new JournalException($"record {number} cannot be used: {e.Message}");
        }
    }
}
