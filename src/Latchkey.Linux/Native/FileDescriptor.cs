using Microsoft.Win32.SafeHandles;

namespace Latchkey.Linux.Native;

/// <summary>A file descriptor that is closed when disposed of.</summary>
internal sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    public FileDescriptor()
        : base(ownsHandle: true)
    {
    }

    /// <summary>The number, for structures that carry one. The owner keeps the object alive meanwhile.</summary>
    public int Number => (int)handle;

    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}
