using System.Collections.Concurrent;
using Latchkey.Daemon.Reports;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Control;

/// <summary>One user's stream of events: which latches are his, and how far he has read.</summary>
public sealed class OwnerSubscription : IDisposable
{
    private readonly uint _user;
    private readonly ISocketOwners _sockets;
    private readonly Action _drop;
    private readonly Action<OwnerSubscription> _leave;
    private readonly ManualResetEventSlim _moved = new();

    /// <summary>The user's own; the engine's thread looks here.</summary>
    private readonly ConcurrentDictionary<FlowKey, uint> _own = new();

    /// <summary>Every latch that was looked at, and whether it is the user's. Only the stream's own thread of execution uses it.</summary>
    private readonly Dictionary<uint, bool> _judged = [];
    private long _delivered;

    internal OwnerSubscription(uint user, ISocketOwners sockets, Action drop, Action<OwnerSubscription> leave) =>
        (_user, _sockets, _drop, _leave) = (user, sockets, drop, leave);

    /// <summary>Takes up the user's connections that are latched already.</summary>
    public void Adopt(IEnumerable<(uint Latch, FlowKey Flow)> latches)
    {
        ArgumentNullException.ThrowIfNull(latches);
        foreach (var (latch, flow) in latches)
        {
            _judged[latch] = true;
            _own[flow] = latch;
        }
    }

    /// <summary>Whether an event is about a connection of the user's, or one that was born from his listener (L21).</summary>
    public bool Concerns(EventReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report is not { Latch: { } latch, Flow: { } flow })
        {
            return false;
        }

        var key = flow.ToKey();
        if (!_judged.TryGetValue(latch, out var own))
        {
            own = IsOwn(key, report.Listener is not null);
            _judged.Add(latch, own);
            if (own)
            {
                _own[key] = latch;
            }
        }

        if (report.Event == "latch_released")
        {
            _judged.Remove(latch);
            _own.TryRemove(KeyValuePair.Create(key, latch));
        }

        return own;
    }

    /// <summary>Everything up to this event was handed to the kernel, or is not the user's.</summary>
    public void Delivered(long sequence)
    {
        Volatile.Write(ref _delivered, sequence);
        _moved.Set();
    }

    public void Dispose()
    {
        _leave(this);
        Delivered(long.MaxValue);
    }

    internal bool Watches(FlowKey flow) => _own.ContainsKey(flow);

    /// <returns>False when patience was at an end before everything up to this event was delivered.</returns>
    internal bool TryAwait(long sequence, CancellationToken patience)
    {
        while (true)
        {
            _moved.Reset();
            if (Volatile.Read(ref _delivered) >= sequence)
            {
                return true;
            }

            if (WaitHandle.WaitAny([_moved.WaitHandle, patience.WaitHandle]) != 0)
            {
                return Volatile.Read(ref _delivered) >= sequence;
            }
        }
    }

    internal void Drop()
    {
        _own.Clear();
        _drop();
    }

    /// <summary>A connection that nobody has accepted yet belongs to whoever listens for it.</summary>
    private bool IsOwn(FlowKey flow, bool born) =>
        _sockets.Of(flow) is { } socket ? socket.User == _user : born && Listeners(flow).Select(_sockets.Of).FirstOrDefault(s => s is not null) is { } listener && listener.User == _user;

    private static IEnumerable<ListenerKey> Listeners(FlowKey flow)
    {
        yield return new(flow.Protocol, flow.Local, flow.LocalPort);
        if (flow.Local.IsV4)
        {
            yield return new(flow.Protocol, InetAddress.AnyV4, flow.LocalPort);
        }

        yield return new(flow.Protocol, InetAddress.AnyV6, flow.LocalPort);
    }
}
