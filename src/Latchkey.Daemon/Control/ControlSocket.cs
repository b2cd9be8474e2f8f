using System.Net.Sockets;

namespace Latchkey.Daemon.Control;

/// <summary>The Unix socket of the control API. Every user may connect; what each may ask, <see cref="Access"/> decides.</summary>
internal static class ControlSocket
{
    private const UnixFileMode Everybody =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>
    /// Binds beside the path, opens the socket to everybody, then renames it into place: whoever finds it may connect, and
    /// what a killed daemon left behind is replaced.
    /// </summary>
    /// <exception cref="StartupException">A daemon listens there already, or the path cannot be used.</exception>
    public static Socket Bind(string path)
    {
        if (Answers(path))
        {
            throw new StartupException($"another daemon listens on {path}", "stop it first, or give this one its own 'control' socket");
        }

        var fresh = $"{path}.{Environment.ProcessId}";
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(fresh);
            socket.Bind(new UnixDomainSocketEndPoint(fresh));
            File.SetUnixFileMode(fresh, Everybody);
            File.Move(fresh, path, overwrite: true);
            return socket;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException or ArgumentException)
        {
            socket.Dispose();
            throw new StartupException($"cannot make the control socket {path}: {e.Message}", "run as root, or name another 'control' socket");
        }
    }

    private static bool Answers(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
