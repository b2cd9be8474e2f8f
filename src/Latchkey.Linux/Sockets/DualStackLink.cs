using Latchkey.Contract;
using Latchkey.Linux.Native;

namespace Latchkey.Linux.Sockets;

/// <summary>
/// An outer link made of an IPv4 and an IPv6 socket. Every received slot tells both ends; every sent slot chooses them
/// (an unspecified local address leaves the choice to the routes). Either family may be missing on the host, not both.
/// </summary>
/// <remarks>
/// IPv6 link-local peers are not reachable: an address here has no zone.
/// </remarks>
public abstract class DualStackLink : IPacketLink
{
    private readonly DatagramSocket[] _sockets;
    private readonly FileDescriptor[] _descriptors;
    private readonly DatagramSocket? _v4;
    private readonly DatagramSocket? _v6;
    private readonly WakeUp _wakeUp = new();
    private readonly BusyPoll _busyPoll;

    // Who is asked first next time, and who had the last packets.
    private int _turn;
    private DatagramSocket _talking;

    private protected DualStackLink(string name, int type, int protocol, ushort port, OuterSocketSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfZero(settings.Mark);
        Name = name;
        _busyPoll = new BusyPoll(Look, TimeProvider.System);
        try
        {
            _v4 = DatagramSocket.TryOpen(name, v6: false, type, protocol, port, settings);
            _v6 = DatagramSocket.TryOpen(name, v6: true, type, protocol, port, settings);
            _sockets = [.. new[] { _v4, _v6 }.OfType<DatagramSocket>()];
            _descriptors = [.. _sockets.Select(s => s.Descriptor)];
            if (_sockets.Length == 0)
            {
                throw new LinuxException($"cannot listen on {name}: the host has neither IPv4 nor IPv6");
            }

            _talking = _sockets[0];
        }
        catch
        {
            _v4?.Dispose();
            _v6?.Dispose();
            _wakeUp.Dispose();
            throw;
        }
    }

    public string Name { get; }

    public bool HasV4 => _v4 is not null;

    public bool HasV6 => _v6 is not null;

    /// <summary>Whether trains of datagrams are sent and received as one.</summary>
    public bool HasTrains => _sockets.All(socket => socket.HasTrains);

    /// <summary>Packets that found a receive buffer full: more came than was read.</summary>
    public long Overflowed => _sockets.Sum(socket => socket.Overflowed);

    public int Receive(PacketBatch batch, int timeoutMilliseconds)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batch.Clear();
        if (Drain(batch) == 0 && !(timeoutMilliseconds > 0 && _busyPoll.LookAgain(batch) > 0) && _wakeUp.WaitReadable(_descriptors, timeoutMilliseconds))
        {
            Drain(batch);
        }

        return batch.Count;
    }

    public void Send(PacketBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var index = 0;
        while (index < batch.Count)
        {
            ref var slot = ref batch[index];
            if (slot.Length == 0)
            {
                index++;
            }
            else if ((slot.Remote.Address.IsV6 ? _v6 : _v4) is { } socket)
            {
                index = socket.SendRun(batch, index);
            }
            else
            {
                (slot.SendResult, slot.Refused) = (PacketSlot.KernelRefused, slot.Packets);
                index++;
            }
        }
    }

    public bool WaitForRoom(int timeoutMilliseconds)
    {
        foreach (var socket in _sockets)
        {
            if (!socket.WaitForRoom(timeoutMilliseconds))
            {
                return false;
            }
        }

        return true;
    }

    public void Interrupt() => _wakeUp.Signal();

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        _v4?.Dispose();
        _v6?.Dispose();
        _wakeUp.Dispose();
    }

    /// <summary>Makes a received packet what the link promises.</summary>
    private protected abstract void Finish(PacketBatch batch, int index);

    /// <summary>
    /// Takes what is there. The families take turns at being first, so that a flood on one cannot starve the other, which
    /// is asked only if the first has nothing.
    /// </summary>
    private int Drain(PacketBatch batch)
    {
        _turn++;
        for (var i = 0; i < _sockets.Length; i++)
        {
            var socket = _sockets[(_turn + i) % _sockets.Length];
            if (Take(socket, batch) is > 0 and var taken)
            {
                _talking = socket;
                return taken;
            }
        }

        return 0;
    }

    /// <summary>Takes what is there of the family whose packets came last: a conversation is of one family.</summary>
    private int Look(PacketBatch batch) => Take(_talking, batch);

    private int Take(DatagramSocket socket, PacketBatch batch)
    {
        var received = socket.Receive(batch);
        for (var i = 0; i < received; i++)
        {
            Finish(batch, i);
        }

        return received;
    }
}
