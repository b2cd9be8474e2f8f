using System.Buffers;
using Latchkey.Daemon.Identity;
using Latchkey.Engine;
using Latchkey.Latching;
using Microsoft.Win32.SafeHandles;

namespace Latchkey.Daemon.Journal;

/// <summary>
/// The latch journal in the runtime folder: what a daemon leaves to the next one of the same boot. Only its owner reads it,
/// and it holds no secrets.
/// </summary>
/// <remarks>Nothing is flushed to a disk: the page cache outlives the process, and the connections do not outlive the kernel.</remarks>
/// <param name="folder">The runtime folder.</param>
internal sealed class LatchJournal(string folder, JournalHeader header) : ILatchJournal, IDisposable
{
    private const string Name = "latches.journal";

    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>More than a million latches with as many dead records take.</summary>
    private const long LargestFile = 1L << 30;

    private readonly string _file = Path.Combine(folder, Name);
    private readonly ArrayBufferWriter<byte> _buffer = new(512);
    private FileStream? _stream;

    // The stream's own, and asked of it once: each time, it would seek.
    private SafeFileHandle? _handle;
    private long _length;
    private ulong _records;

    public string? Failure { get; private set; }

    /// <summary>Whoever starts next knows of no latches.</summary>
    /// <exception cref="IOException">It cannot be deleted.</exception>
    public static void Delete(string folder)
    {
        if (Path.Combine(folder, Name) is var file && File.Exists(file))
        {
            File.Delete(file);
        }
    }

    /// <summary>What the daemon before this one left.</summary>
    public JournalReading Read()
    {
        try
        {
            if (!File.Exists(_file))
            {
                return new JournalReading.Nothing();
            }

            if ((File.GetUnixFileMode(folder) & OthersWrite) != 0)
            {
                return new JournalReading.Refused($"others may write into {folder}, so anybody may have made it");
            }

            using var handle = File.OpenHandle(_file);
            if (File.GetUnixFileMode(handle) is var mode && mode != OwnersFile.OwnerOnly)
            {
                return new JournalReading.Refused($"others may have written it: its mode is {Convert.ToString((int)mode, 8)}, not 600");
            }

            var octets = new byte[RandomAccess.GetLength(handle) is var length && length <= LargestFile ? length : throw new JournalException($"it has {length} octets")];
            var read = 0;
            while (read < octets.Length && RandomAccess.Read(handle, octets.AsSpan(read), read) is var count && count > 0)
            {
                read += count;
            }

            var (records, cut) = JournalFormat.Read(octets.AsSpan(0, read), header);
            return new JournalReading.Found(records, cut);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JournalException)
        {
            return new JournalReading.Refused(e.Message);
        }
    }

    public bool TryAppend(LatchRecord record)
    {
        if (_handle is null)
        {
            return false;
        }

        _buffer.ResetWrittenCount();
        JournalFormat.Write(_buffer, record, _records + 1);
        try
        {
            RandomAccess.Write(_handle, _buffer.WrittenSpan, _length);
            _length += _buffer.WrittenCount;
            _records++;
            Failure = null;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What part of the record was written goes. Should even that fail, the daemon ends, and the next one cuts it off.
            Failure = e.Message;
            RandomAccess.SetLength(_handle, _length);
            return false;
        }
    }

    /// <summary>Written beside, then renamed: whoever is killed in between leaves the journal that was.</summary>
    public bool TryRewrite(IEnumerable<LatchRecord> records)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        output.Write(header.ToBytes());
        var number = 0UL;
        foreach (var record in records)
        {
            JournalFormat.Write(output, record, ++number);
        }

        var fresh = $"{_file}.new";
        FileStream? stream = null;
        try
        {
            File.Delete(fresh);
            stream = new FileStream(fresh, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite | FileShare.Delete,
                UnixCreateMode = OwnersFile.OwnerOnly,
                BufferSize = 0,
            });
            var handle = stream.SafeFileHandle;
            RandomAccess.Write(handle, output.WrittenSpan, 0);
            File.Move(fresh, _file, overwrite: true);
            _stream?.Dispose();
            (_stream, _handle, _length, _records, Failure) = (stream, handle, output.WrittenCount, number, null);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failure = e.Message;
            stream?.Dispose();
            return false;
        }
    }

    public void Empty()
    {
        try
        {
            using var stream = _stream ?? new FileStream(_file, FileMode.OpenOrCreate, FileAccess.Write);
            stream.SetLength(0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failure = $"{Failure}; nor can it be emptied: {e.Message}";
        }

        (_stream, _handle) = (null, null);
    }

    public void Dispose() => _stream?.Dispose();
}

/// <summary>What was in the journal when the daemon started.</summary>
internal abstract record JournalReading
{
    private JournalReading()
    {
    }

    /// <summary>Latches that can be taken up, in no order.</summary>
    public virtual IReadOnlyCollection<LatchRecord> Latches => [];

    /// <summary>There is none: the first start since the host booted.</summary>
    public sealed record Nothing : JournalReading;

    /// <param name="Cut">Octets of a last record that was not written to its end, and so never took effect.</param>
    public sealed record Found(IReadOnlyCollection<LatchRecord> Records, int Cut) : JournalReading
    {
        public override IReadOnlyCollection<LatchRecord> Latches => Records;
    }

    /// <param name="Why">One clause.</param>
    public sealed record Refused(string Why) : JournalReading;
}
