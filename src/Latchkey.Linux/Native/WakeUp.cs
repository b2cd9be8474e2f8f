namespace Latchkey.Linux.Native;

/// <summary>An eventfd: lets one thread end another's wait in poll(2).</summary>
internal sealed class WakeUp : IDisposable
{
    private readonly FileDescriptor _event;

    public WakeUp()
    {
        _event = Libc.EventFd(0, Libc.NonBlocking | Libc.CloseOnExec);
        if (_event.IsInvalid)
        {
            throw LinuxException.Last("cannot make an eventfd");
        }
    }

    public unsafe void Signal()
    {
        ulong one = 1;
        _ = Libc.Write(_event, &one, sizeof(ulong));
    }

    /// <summary>Waits until one of the descriptors can be read, the time is over, or <see cref="Signal"/> was called, now or earlier.</summary>
    /// <param name="timeoutMilliseconds">-1 waits for ever.</param>
    /// <returns>False after the time-out or a signal.</returns>
    public unsafe bool WaitReadable(ReadOnlySpan<FileDescriptor> descriptors, int timeoutMilliseconds)
    {
        var entries = stackalloc PollEntry[descriptors.Length + 1];
        entries[0] = new PollEntry { Descriptor = _event.Number, Wanted = PollEntry.Readable };
        for (var i = 0; i < descriptors.Length; i++)
        {
            entries[i + 1] = new PollEntry { Descriptor = descriptors[i].Number, Wanted = PollEntry.Readable };
        }

        // Interrupted by a signal: as good as a time-out; every caller waits again.
        if (Libc.Poll(entries, (nuint)descriptors.Length + 1, timeoutMilliseconds) <= 0)
        {
            return false;
        }

        if (entries[0].Seen != 0)
        {
            ulong count;
            _ = Libc.Read(_event, &count, sizeof(ulong));
            return false;
        }

        return true;
    }

    public void Dispose() => _event.Dispose();
}
