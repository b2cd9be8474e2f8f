using Latchkey.Contract;
using Latchkey.Linux.Native;
using Latchkey.Linux.Netlink;
using Latchkey.Linux.Nftables;
using Latchkey.Linux.Sockets;
using Latchkey.Wire;

namespace Latchkey.Linux.Protection;

/// <summary>Carries single flows past the TUN device in clear, while <see cref="TrafficProtection"/> is up and allows it.</summary>
/// <remarks>What is open stays open in the kernel when the process is killed, until <see cref="TrafficProtection.Apply"/> is told otherwise.</remarks>
public sealed class ClearPath : IClearPath, IDisposable
{
    private readonly TrafficProtection _protection;
    private readonly RawIpSocket _socket;
    private readonly Action<LinuxException> _refused;

    /// <param name="refused">Told when the kernel refuses to open or close a flow; called wherever that was tried.</param>
    /// <exception cref="LinuxException">No right.</exception>
    public ClearPath(TrafficProtection protection, uint mark, Action<LinuxException> refused)
    {
        _protection = protection;
        _refused = refused;
        _socket = new RawIpSocket(mark);
    }

    public bool TryOpen(FlowKey flow) => Change(flow, open: true);

    public void Close(FlowKey flow) => Change(flow, open: false);

    public void Send(ReadOnlySpan<byte> packet) => _socket.Send(packet);

    public void Dispose() => _socket.Dispose();

    private bool Change(FlowKey flow, bool open)
    {
        try
        {
            _protection.ChangeClearFlow(flow, open);
            return true;
        }
        catch (LinuxException e)
        {
            _refused(e);
            return false;
        }
    }
}
