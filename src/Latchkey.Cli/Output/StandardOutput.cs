using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Latchkey.Cli.Output;

/// <summary>
/// The terminal, or whatever the output goes to. <see cref="Console.Out"/> says nothing when the reader of a pipe has gone, so that
/// <c>latchkey events --follow | head</c> would go on for ever; here writing fails, as it does for other programs.
/// </summary>
internal static class StandardOutput
{
    private const int Descriptor = 1;

    /// <summary>EPIPE, which an <see cref="IOException"/> carries as it is.</summary>
    private const int BrokenPipe = 32;

    public static TextWriter Open()
    {
        var stream = new FileStream(new SafeFileHandle(Descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);

        // In a file it would keep a place of its own, and the next program that writes to the same file would begin where this one did.
        Stream output = stream.CanSeek ? Console.OpenStandardOutput() : stream;
        return new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
    }

    /// <summary>Whether nobody reads the output any more.</summary>
    public static bool IsGone(IOException e) => e.HResult == BrokenPipe;
}
