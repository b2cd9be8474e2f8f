using System.Runtime.InteropServices;
using Latchkey.Linux.Native;

namespace Latchkey.Linux.Sockets;

/// <summary>Who made the other end of a Unix socket, as the kernel says (unix(7), SO_PEERCRED): what it was when it connected.</summary>
public readonly record struct PeerCredentials(int Process, uint User, uint Group)
{
    private const int PeerCredentialsOption = 17;
    private const int Length = 12;

    /// <summary>The effective user this process runs as.</summary>
    public static uint OwnUser => Libc.EffectiveUser();

    /// <exception cref="LinuxException">It is no connected Unix socket.</exception>
    public static PeerCredentials Of(System.Net.Sockets.Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Span<byte> octets = stackalloc byte[Length];
        try
        {
            socket.GetRawSocketOption(Native.Socket.LevelSocket, PeerCredentialsOption, octets);
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new LinuxException("cannot tell who connected to the control socket", e.NativeErrorCode);
        }

        // struct ucred, in the host's byte order.
        return new PeerCredentials(MemoryMarshal.Read<int>(octets), MemoryMarshal.Read<uint>(octets[4..]), MemoryMarshal.Read<uint>(octets[8..]));
    }
}
