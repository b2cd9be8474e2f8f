using System.Runtime.InteropServices;

namespace Latchkey.Linux;

/// <summary>The kernel refused something. The message says what was tried, what the kernel said, and where known what helps.</summary>
public sealed class LinuxException : Exception
{
    public LinuxException(string what, int errno)
        : base($"{what}: {Marshal.GetPInvokeErrorMessage(errno)}") => Errno = errno;

    public LinuxException(string message)
        : base(message)
    {
    }

    public LinuxException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public LinuxException()
    {
    }

    /// <summary>The error number of errno(3), or 0 when there is none.</summary>
    public int Errno { get; }

    internal static LinuxException Last(string what) => new(what, Marshal.GetLastPInvokeError());
}
