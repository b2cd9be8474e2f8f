using Latchkey.Linux.Native;

namespace Latchkey.Linux.Netlink;

/// <summary>The thread that hears what the kernel tells unasked over a netlink socket.</summary>
internal sealed class NetlinkListener : IDisposable
{
    private readonly FileDescriptor _socket;
    private readonly WakeUp _wakeUp = new();
    private readonly Thread _thread;
    private volatile bool _stopping;

    /// <param name="socket">Taken over.</param>
    /// <param name="arrived">Called on the thread whenever there is something to be read.</param>
    public NetlinkListener(FileDescriptor socket, string name, Action arrived)
    {
        _socket = socket;
        _thread = new Thread(() => Listen(arrived)) { IsBackground = true, Name = name };
    }

    public void Start() => _thread.Start();

    /// <summary>Waits for more; for whoever was called.</summary>
    /// <returns>False when nothing came in time, or the listener is being disposed.</returns>
    public bool WaitReadable(int milliseconds) => _wakeUp.WaitReadable([_socket], milliseconds);

    /// <summary>Waits for the thread to end, and closes the socket.</summary>
    public void Dispose()
    {
        _stopping = true;
        _wakeUp.Signal();
        _thread.Join();
        _socket.Dispose();
        _wakeUp.Dispose();
    }

    private void Listen(Action arrived)
    {
        while (!_stopping)
        {
            if (WaitReadable(Timeout.Infinite))
            {
                arrived();
            }
        }
    }
}
