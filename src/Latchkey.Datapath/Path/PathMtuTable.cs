using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>Path MTUs that sends have revealed, by remote address. Peers with SAs are the only ones sent to.</summary>
/// <remarks>Any thread: it is asked for the SYNs of connections and told of refused packets, so that a lock costs nothing.</remarks>
internal sealed class PathMtuTable(DatapathSettings settings)
{
    /// <summary>Paths remembered at once; what does not fit is learnt again.</summary>
    private const int Capacity = 65_536;

    private readonly Lock _lock = new();
    private readonly Dictionary<InetAddress, (int Mtu, TimeSpan Until)> _lowered = [];

    public int Find(InetAddress remote, TimeSpan now)
    {
        lock (_lock)
        {
            return _lowered.TryGetValue(remote, out var path) && now < path.Until ? path.Mtu : settings.InitialPathMtu;
        }
    }

    /// <returns>False when this was known already.</returns>
    public bool Learn(InetAddress remote, int mtu, TimeSpan now)
    {
        lock (_lock)
        {
            if (Find(remote, now) == mtu)
            {
                return false;
            }

            if (_lowered.Count >= Capacity && !_lowered.ContainsKey(remote))
            {
                _lowered.Clear();
            }

            _lowered[remote] = (mtu, now + settings.PathMtuLifetime);
            return true;
        }
    }
}
