using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Latchkey.Crypto;

namespace Latchkey.Daemon.Identity;

/// <summary>
/// The secrets behind quick crash detection tokens (RFC 6290 §5.1), in a file that survives a reboot: the newest first, each
/// as the Unix time of its making (8 octets) and 32 octets.
/// </summary>
internal static class QcdSecretStore
{
    private const string What = "file of crash detection secrets";
    private const int SecretLength = 32;
    private const int RecordLength = 8 + SecretLength;

    /// <summary>The current one and three older, as the RFC proposes: a peer may still hold a token made with one of them.</summary>
    private const int Most = 4;

    /// <summary>A new one is made at the first start after this time; IKE SAs, and their tokens, live for hours.</summary>
    private static readonly TimeSpan Rollover = TimeSpan.FromDays(30);

    /// <summary>The secrets, newest first; a first or a new one is made and written when it is time.</summary>
    /// <exception cref="StartupException">The file is damaged, open to others, or cannot be read or written.</exception>
    public static ImmutableArray<SecretBytes> LoadOrMake(string file, IRandomSource random, DateTimeOffset now)
    {
        byte[] kept = File.Exists(file) ? OwnersFile.Read(file, What, RecordLength * Most, $"delete it: {Consequence}") : [];
        if (kept.Length % RecordLength != 0)
        {
            throw new StartupException($"the {What} {file} is damaged: it has {kept.Length} octets, and a secret takes {RecordLength}", $"delete it: {Consequence}");
        }

        try
        {
            if (kept.Length == 0 || now - MadeAt(kept) > Rollover)
            {
                var before = kept;
                kept = Prepend(random, now, before);
                CryptographicOperations.ZeroMemory(before);
                OwnersFile.WriteOrRefuse(file, What, kept);
            }

            return [.. kept.Chunk(RecordLength).Select(TakeSecret)];
        }
        finally
        {
            CryptographicOperations.ZeroMemory(kept);
        }
    }

    private static string Consequence => "new secrets are made, and peers notice a crash that happened before a little later";

    private static DateTimeOffset MadeAt(ReadOnlySpan<byte> record) =>
        DateTimeOffset.UnixEpoch.AddSeconds(Math.Min(BinaryPrimitives.ReadUInt64BigEndian(record), (ulong)uint.MaxValue));

    private static byte[] Prepend(IRandomSource random, DateTimeOffset now, ReadOnlySpan<byte> older)
    {
        var keep = Math.Min(older.Length, RecordLength * (Most - 1));
        var records = GC.AllocateArray<byte>(RecordLength + keep, pinned: true);
        BinaryPrimitives.WriteUInt64BigEndian(records, (ulong)Math.Max(now.ToUnixTimeSeconds(), 0));
        random.Fill(records.AsSpan(8, SecretLength));
        older[..keep].CopyTo(records.AsSpan(RecordLength));
        return records;
    }

    private static SecretBytes TakeSecret(byte[] record)
    {
        var secret = new SecretBytes(record.AsSpan(8));
        CryptographicOperations.ZeroMemory(record);
        return secret;
    }
}
