using Latchkey.Linux.Native;

namespace Latchkey.Linux.Netlink;

/// <summary>Tells when interfaces, addresses or routes of the host changed. One thread; belongs to the namespace it was made in.</summary>
/// <remarks>
/// Changes come in swarms (an interface that comes up brings addresses and routes): one call is made when it has been
/// quiet for a moment, or when a swarm lasts. Changes made by this program itself are not told, so that a handler may
/// change routes.
/// </remarks>
public sealed class NetworkMonitor : IDisposable
{
    private const int QuietMilliseconds = 30;
    private const int LongestSwarmMilliseconds = 500;
    private const uint Groups = Rtnetlink.GroupLink | Rtnetlink.GroupInetAddress | Rtnetlink.GroupInetRoute
        | Rtnetlink.GroupInet6Address | Rtnetlink.GroupInet6Route;

    private readonly FileDescriptor _socket;
    private readonly NetlinkListener _listener;
    private readonly Action _changed;
    private readonly Action<LinuxException> _failed;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(64 * 1024, pinned: true);

    /// <param name="changed">Called on the monitor's thread.</param>
    /// <param name="failed">Called there with what <paramref name="changed"/> threw; the monitor goes on.</param>
    public NetworkMonitor(Action changed, Action<LinuxException> failed)
    {
        _changed = changed;
        _failed = failed;
        _socket = NetlinkSocket.Open(NetlinkAbi.Route, Groups, "cannot watch the network");
        _listener = new NetlinkListener(_socket, "network monitor", AwaitQuiet);
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    private void AwaitQuiet()
    {
        if (!ReadForeignChange())
        {
            return;
        }

        var start = Environment.TickCount64;
        while (Environment.TickCount64 - start < LongestSwarmMilliseconds && _listener.WaitReadable(QuietMilliseconds))
        {
            ReadForeignChange();
        }

        try
        {
            _changed();
        }
        catch (LinuxException e)
        {
            _failed(e);
        }
    }

    /// <summary>Reads one datagram; true when it tells of something this program did not do itself.</summary>
    private unsafe bool ReadForeignChange()
    {
        nint received;
        fixed (byte* data = _buffer)
        {
            received = Socket.Receive(_socket, data, (nuint)_buffer.Length, Socket.MessageDontWait);
        }

        if (received < 0)
        {
            // ENOBUFS: messages were lost, so anything may have changed.
            return System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == Errno.NoBuffers;
        }

        var reader = new MessageReader(_buffer.AsSpan(0, (int)received));
        while (reader.TryNext(out var header, out var body))
        {
            var ownRoute = header.Type is Rtnetlink.NewRoute or Rtnetlink.DeleteRoute
                && AttributeReader.TrySplit<RouteMessage>(body, out var route, out _)
                && route.Protocol == Owner.Number;
            if (!ownRoute)
            {
                return true;
            }
        }

        return false;
    }
}
