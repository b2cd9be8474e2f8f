using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>Lets through one complaint about unknown SPIs a second for each source, and remembers few sources:
/// anybody can send such packets from any address.</summary>
internal sealed class UnknownSpiLimiter
{
    private const int Capacity = 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<InetAddress, TimeSpan> _lastBySource = [];
    private TimeSpan _lastCleared;

    public bool MayReport(InetAddress source, TimeSpan now)
    {
        if (_lastBySource.TryGetValue(source, out var last) && now - last < Interval)
        {
            return false;
        }

        if (_lastBySource.Count >= Capacity && !_lastBySource.ContainsKey(source))
        {
            if (now - _lastCleared < Interval)
            {
                return false;
            }

            _lastBySource.Clear();
            _lastCleared = now;
        }

        _lastBySource[source] = now;
        return true;
    }
}
