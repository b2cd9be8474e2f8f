using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;

namespace Latchkey.Daemon.Journal;

/// <summary>
/// How a latch journal begins, in network order: 8 octets of magic, the format's version (4), the kernel's boot id (16), the
/// fingerprint of this host's key (32), CRC-32C of the octets before (4).
/// </summary>
/// <param name="BootId">Connections live no longer than the kernel.</param>
/// <param name="Identity">Latches bind this key on our side; a host with another key cannot go on with them (RFC 5386, B10).</param>
public readonly record struct JournalHeader(Guid BootId, KeyFingerprint Identity)
{
    public const int Length = 64;

    private const uint Version = 1;

    private static ReadOnlySpan<byte> Magic => "LATCHJNL"u8;

    public byte[] ToBytes()
    {
        var octets = new byte[Length];
        Magic.CopyTo(octets);
        BinaryPrimitives.WriteUInt32BigEndian(octets.AsSpan(8), Version);
        BootId.TryWriteBytes(octets.AsSpan(12), bigEndian: true, out _);
        Identity.ToBytes().CopyTo(octets, 28);
        BinaryPrimitives.WriteUInt32BigEndian(octets.AsSpan(60), Crc32C.Of(octets.AsSpan(0, 60)));
        return octets;
    }

    /// <summary>Whether a journal is this kernel's and this key's.</summary>
    /// <param name="why">One clause, when it is not.</param>
    public bool Accepts(ReadOnlySpan<byte> journal, [NotNullWhen(false)] out string? why)
    {
        why = journal.Length == 0 ? "it was emptied, because a daemon could not keep it right"
            : journal.Length < Length ? $"it ends after {journal.Length} octets, before its header does"
            : !journal.StartsWith(Magic) ? "it does not begin as a latch journal does"
            : Find(journal) is var version && version != Version ? $"it has format {version}, and this program reads format {Version}"
            : BinaryPrimitives.ReadUInt32BigEndian(journal[60..]) != Crc32C.Of(journal[..60]) ? "its header is damaged"
            : new Guid(journal.Slice(12, 16), bigEndian: true) is var boot && boot != BootId ? $"it was written in boot {boot} of the kernel, and this is boot {BootId}"
            : new KeyFingerprint(journal.Slice(28, 32)) is var identity && identity != Identity ? $"its latches were made with the key {identity}, and this host's is {Identity}"
            : null;
        return why is null;
    }

    private static uint Find(ReadOnlySpan<byte> journal) => BinaryPrimitives.ReadUInt32BigEndian(journal[8..]);
}
