using Latchkey.Latching;
using Latchkey.Linux.Netlink;

namespace Latchkey.Daemon.Hosting;

/// <summary>Which sockets the wishes of listeners came from: the next socket at the same address may be somebody else's.</summary>
internal sealed class ListenerWishes : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<ListenerKey, uint> _inodes = [];

    /// <summary>
    /// Looks at the host's sockets, and tells the engine what was seen, one look after the other: an old list must not take
    /// away the listener that a newer one has shown, and its wishes with it.
    /// </summary>
    public async Task<T> InTurnAsync<T>(Func<Task<T>> look, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await look().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Only in turn.</summary>
    /// <returns>Whether another socket's wishes are to be forgotten first.</returns>
    public bool Note(ListenerKey listener, uint inode)
    {
        var another = _inodes.TryGetValue(listener, out var before) && before != inode;
        _inodes[listener] = inode;
        return another;
    }

    /// <summary>The listeners whose socket is gone; each is named once. Only in turn.</summary>
    public IReadOnlyList<ListenerKey> Orphaned(IReadOnlyList<SocketEntry> sockets)
    {
        if (_inodes.Count == 0)
        {
            return [];
        }

        var there = sockets.Select(s => (new ListenerKey(s.Flow.Protocol, s.Flow.Local, s.Flow.LocalPort), s.Inode)).ToHashSet();
        var gone = _inodes.Where(known => !there.Contains((known.Key, known.Value))).Select(known => known.Key).ToList();
        gone.ForEach(key => _inodes.Remove(key));
        return gone;
    }

    public void Dispose() => _turn.Dispose();
}
