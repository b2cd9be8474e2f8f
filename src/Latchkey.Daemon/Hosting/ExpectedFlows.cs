using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>
/// What users asked for connections that they are about to make (RFC 5660 L31). It counts for connections there whose socket
/// is that user's, and is forgotten when none came for a while: a first packet may be sent again, and again without an answer.
/// </summary>
internal sealed class ExpectedFlows(DaemonClock clock)
{
    public const int OfOneUser = 64;

    /// <summary>Longer than any program takes from bind() to connect(), and than TCP waits between two SYNs (64 s).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);

    private readonly Lock _lock = new();
    private readonly Dictionary<Place, List<Expectation>> _byPlace = [];
    private int _count;

    /// <param name="flow">The local address may be unspecified: a socket that is bound to a port alone has it only once it connects.</param>
    /// <returns>False when this user expects too many already.</returns>
    public bool TryAdd(uint user, FlowKey flow, FlowWishes wishes)
    {
        lock (_lock)
        {
            Forget();
            if (_byPlace.Values.Sum(there => there.Count(e => e.User == user)) >= OfOneUser)
            {
                return false;
            }

            var place = Place.Of(flow);
            if (!_byPlace.TryGetValue(place, out var there))
            {
                _byPlace.Add(place, there = []);
            }

            var before = there.Find(e => e.User == user && e.Local == flow.Local);
            there.RemoveAll(e => e == before);
            there.Add(new Expectation(user, flow.Local, wishes.Over(before?.Wishes ?? FlowWishes.None), clock.Now));
            Count();
            return true;
        }
    }

    /// <summary>Somebody expects this flow. Cheap when nobody expects anything, as usual.</summary>
    public bool MayExpect(FlowKey flow)
    {
        if (Volatile.Read(ref _count) == 0)
        {
            return false;
        }

        lock (_lock)
        {
            return _byPlace.ContainsKey(Place.Of(flow));
        }
    }

    /// <summary>What a user asked for this flow; null when he asked nothing.</summary>
    public FlowWishes? Find(uint user, FlowKey flow)
    {
        lock (_lock)
        {
            Forget();
            if (!_byPlace.TryGetValue(Place.Of(flow), out var there)
                || there.Find(e => e.User == user && (e.Local == flow.Local || e.Local.IsUnspecified)) is not { } found)
            {
                return null;
            }

            there.Remove(found);
            there.Add(found with { Since = clock.Now });
            return found.Wishes;
        }
    }

    private void Forget()
    {
        var oldest = clock.Now - Lifetime;
        foreach (var (place, there) in _byPlace)
        {
            there.RemoveAll(e => e.Since < oldest);
            if (there.Count == 0)
            {
                _byPlace.Remove(place);
            }
        }

        Count();
    }

    private void Count() => Volatile.Write(ref _count, _byPlace.Count);

    private sealed record Expectation(uint User, InetAddress Local, FlowWishes Wishes, TimeSpan Since);

    private readonly record struct Place(IpProtocol Protocol, ushort LocalPort, InetAddress Remote, ushort RemotePort)
    {
        public static Place Of(FlowKey flow) => new(flow.Protocol, flow.LocalPort, flow.Remote, flow.RemotePort);
    }
}
