using System.Diagnostics.CodeAnalysis;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>
/// The latch database (LD) with the operations of RFC 5660 §2.3. It knows flows, channels and states; what a change of
/// state does to packets and sockets is the caller's business. Volatile: nothing here outlives the process.
/// </summary>
/// <remarks>Finding conflicts costs what may be found: latches are indexed by the pair of addresses, by channel, and by flow
/// for an SA that is as narrow as one connection.</remarks>
public sealed class LatchDatabase
{
    private readonly Dictionary<FlowKey, Latch> _byFlow = [];
    private readonly Dictionary<LatchId, Latch> _byId = [];
    private readonly Dictionary<AddressPair, HashSet<Latch>> _byAddresses = [];
    private readonly Dictionary<Channel, HashSet<Latch>> _byChannel = [];
    private readonly Dictionary<ListenerKey, ListenerLatch> _listeners = [];

    private readonly Dictionary<string, int> _forwarded = [];
    private uint _last;

    public int Count => _byFlow.Count;

    public IReadOnlyCollection<Latch> All => _byFlow.Values;

    public IReadOnlyCollection<FlowKey> Flows => _byFlow.Keys;

    public IReadOnlyCollection<ListenerLatch> Listeners => _listeners.Values;

    /// <summary>FIND_LATCH.</summary>
    public Latch? Find(FlowKey flow) => _byFlow.GetValueOrDefault(flow);

    public Latch? Find(LatchId id) => _byId.GetValueOrDefault(id);

    /// <summary>Latches between two outer addresses, in any state.</summary>
    public IReadOnlyCollection<Latch> Between(AddressPair pair) => _byAddresses.GetValueOrDefault(pair) is { } found ? found : [];

    /// <summary>Latches that hold a channel, in any state.</summary>
    public IReadOnlyCollection<Latch> On(Channel channel) => _byChannel.GetValueOrDefault(channel) is { } found ? found : [];

    /// <summary>How many latches of forwarded flows, in any state, were made under an entry.</summary>
    public int CountForwarded(ProtectEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return _forwarded.GetValueOrDefault(entry.Name);
    }

    /// <summary>CREATE_LISTENER_LATCH (RFC 5660 §2.3); refused while one for the same 3-tuple lives.</summary>
    public bool TryCreateListener(TimeSpan now, ListenerKey key, ProtectEntry entry, [NotNullWhen(true)] out ListenerLatch? latch)
    {
        if (_listeners.ContainsKey(key))
        {
            latch = null;
            return false;
        }

        latch = new ListenerLatch(new LatchId(++_last), key, entry, now);
        _listeners.Add(key, latch);
        return true;
    }

    /// <summary>The policy was changed, and another entry covers the LISTENER.</summary>
    public void Follow(ListenerLatch listener, ProtectEntry entry)
    {
        ArgumentNullException.ThrowIfNull(listener);
        _listeners[listener.Key] = listener with { Entry = entry };
    }

    /// <summary>RELEASE_LATCH of a LISTENER (L35).</summary>
    public bool ReleaseListener(ListenerKey key) => _listeners.Remove(key);

    public ListenerLatch? FindListener(ListenerKey key) => _listeners.GetValueOrDefault(key);

    /// <summary>The LISTENER latch a connection would be born from; one bound to the very address wins.</summary>
    public ListenerLatch? FindListener(FlowKey flow) =>
        _listeners.GetValueOrDefault(new ListenerKey(flow.Protocol, flow.Local, flow.LocalPort))
        ?? (flow.Local.IsV4 ? _listeners.GetValueOrDefault(new ListenerKey(flow.Protocol, InetAddress.AnyV4, flow.LocalPort)) : null)
        ?? _listeners.GetValueOrDefault(new ListenerKey(flow.Protocol, InetAddress.AnyV6, flow.LocalPort));

    /// <summary>CREATE_CONNECTION_LATCH before a channel is known (L23): the flow waits.</summary>
    /// <param name="isForwarded"><see cref="Latch.IsForwarded"/></param>
    /// <exception cref="InvalidOperationException">The flow has a latch.</exception>
    public Latch CreateLarval(TimeSpan now, FlowKey flow, ProtectEntry entry, bool isForwarded = false) => Add(now, flow, entry, isForwarded: isForwarded);

    /// <summary>CREATE_CONNECTION_LATCH with a channel; the caller has seen to it that nothing conflicts (L26).</summary>
    /// <exception cref="InvalidOperationException">The flow has a latch.</exception>
    public Latch CreateEstablished(
        TimeSpan now, FlowKey flow, ProtectEntry entry, Channel channel, PeerAuthentication? authentication = null, ListenerLatch? bornFrom = null, bool isForwarded = false)
    {
        var latch = Add(now, flow, entry, bornFrom, channel, isForwarded);
        Establish(now, latch, channel, authentication);
        return latch;
    }

    /// <summary>A latch born CLOSED, for a flow that lived before the daemon did (L14), or one that may not be.</summary>
    /// <exception cref="InvalidOperationException">The flow has a latch.</exception>
    public Latch CreateClosed(TimeSpan now, FlowKey flow, ProtectEntry entry, ClosedReason reason, ListenerLatch? bornFrom = null)
    {
        var latch = Add(now, flow, entry, bornFrom);
        latch.Close(now, reason);
        return latch;
    }

    /// <summary>LARVAL to ESTABLISHED: from now on the parameters never change (L12).</summary>
    public void Establish(TimeSpan now, Latch latch, Channel channel, PeerAuthentication? authentication = null)
    {
        ArgumentNullException.ThrowIfNull(latch);
        latch.Establish(now, channel, authentication);
        if (!_byChannel.TryGetValue(channel, out var onChannel))
        {
            _byChannel.Add(channel, onChannel = []);
        }

        onChannel.Add(latch);
    }

    /// <summary>RELEASE_LATCH (L34): the owner is gone, the latch is deleted.</summary>
    /// <returns>The channel when no latch holds it any more.</returns>
    public Channel? Release(TimeSpan now, Latch latch)
    {
        ArgumentNullException.ThrowIfNull(latch);
        latch.Close(now, ClosedReason.Released);
        _byFlow.Remove(latch.Flow);
        _byId.Remove(latch.Id);
        if (latch.ForwardedUnder is { } entry && --_forwarded[entry] == 0)
        {
            _forwarded.Remove(entry);
        }

        var pair = latch.Path;
        if (_byAddresses.TryGetValue(pair, out var between) && between.Remove(latch) && between.Count == 0)
        {
            _byAddresses.Remove(pair);
        }

        if (latch.Channel is { } channel && _byChannel.TryGetValue(channel, out var on) && on.Remove(latch) && on.Count == 0)
        {
            _byChannel.Remove(channel);
            return channel;
        }

        return null;
    }

    /// <summary>
    /// ESTABLISHED latches that an SA with these selectors and parameters would conflict with: covered by the selectors,
    /// held by a channel that is not congruent (RFC 5660 §2.3, C1 and C2).
    /// </summary>
    public IReadOnlyList<Latch> FindConflicts(AddressPair pair, SelectorSet selectors, ChannelParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(selectors);
        ArgumentNullException.ThrowIfNull(parameters);
        List<Latch>? conflicts = null;
        foreach (var latch in selectors.SingleFlow is { } flow ? Single(flow) : Between(pair))
        {
            if (latch.State == LatchState.Established && latch.Channel!.Parameters != parameters && selectors.Covers(latch.Flow))
            {
                (conflicts ??= []).Add(latch);
            }
        }

        return conflicts is null ? [] : conflicts;
    }

    private IReadOnlyCollection<Latch> Single(FlowKey flow) => Find(flow) is { } latch ? [latch] : [];

    private Latch Add(TimeSpan now, FlowKey flow, ProtectEntry entry, ListenerLatch? bornFrom = null, Channel? channel = null, bool isForwarded = false)
    {
        var path = channel?.Parameters.Path ?? entry.PathOf(flow);
        var latch = new Latch(new LatchId(_last + 1), flow, path, entry, now) { BornFrom = bornFrom?.Id, Wishes = bornFrom?.Wishes ?? FlowWishes.None, ForwardedUnder = isForwarded ? entry.Name : null };
        if (!_byFlow.TryAdd(flow, latch))
        {
            throw new InvalidOperationException($"{flow} already has a latch");
        }

        _last++;
        _byId.Add(latch.Id, latch);
        if (!_byAddresses.TryGetValue(path, out var between))
        {
            _byAddresses.Add(path, between = []);
        }

        between.Add(latch);
        if (isForwarded)
        {
            _forwarded[entry.Name] = CountForwarded(entry) + 1;
        }

        return latch;
    }
}
