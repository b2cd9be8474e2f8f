using Latchkey.Crypto;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>Two hosts, a wire between them and a clock that jumps to whatever happens next.</summary>
internal sealed class Pair : IDisposable
{
    public Pair(IkeSettings? settingsA = null, IkeSettings? settingsB = null, int seed = 1)
    {
        Random = new SeededRandom(seed);
        Wire = new Wire(Random);
        A = new Side(this, "192.0.2.1", settingsA ?? Settings(), (seed * 2) + 1);
        B = new Side(this, "192.0.2.2", settingsB ?? settingsA ?? Settings(), (seed * 2) + 2);
    }

    public SeededRandom Random { get; }

    public Wire Wire { get; }

    public Side A { get; }

    public Side B { get; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(1);

    public static IkeSettings Settings() => new()
    {
        IkeProposals = [new IkeProposal([.. Algorithms.Aeads], [.. Algorithms.Prfs], [.. Algorithms.KeyExchanges])],
        EspProposals = [new EspProposal([.. Algorithms.Aeads], [])],
    };

    public static SelectorSet SelectorsBetween(Side local, Side remote) => SelectorSet.Of(
        TrafficSelector.For(InetPrefix.Of(local.Address), (byte)IpProtocol.Tcp), TrafficSelector.For(InetPrefix.Of(remote.Address), (byte)IpProtocol.Tcp));

    /// <summary>Lets time pass until nothing is in flight and no request waits, at most this long.</summary>
    public void Run(TimeSpan duration)
    {
        var end = Now + duration;
        while (Next() is { } next && next <= end)
        {
            Now = next > Now ? next : Now;
            Step();
        }

        Now = end;
    }

    public void Run(double seconds = 1) => Run(TimeSpan.FromSeconds(seconds));

    public (IkeSaHandle A, IkeSaHandle B) Establish(SelectorSet? selectors = null, bool tunnel = false)
    {
        var (sa, _) = A.Initiate(B, selectors, tunnel: tunnel);
        Run();
        return (sa, B.Only<IkeSaEstablished>().Sa);
    }

    /// <summary>A begins, B asks it for a cookie, and A's request with the cookie is lost.</summary>
    public Flight LoseRequestWithCookie()
    {
        Wire.Tap = flight => Wire.Sent.Count == 3 ? null : flight;
        A.Initiate(B);
        Run(0.05);
        return Wire.Sent[2];
    }

    /// <summary>Over a wire that loses, doubles and delays there is one Child SA in the end.</summary>
    public void EstablishOverABadWire()
    {
        (Wire.Loss, Wire.Duplication, Wire.Jitter) = (0.2, 0.2, TimeSpan.FromMilliseconds(50));
        A.Initiate(B);
        Run(60);
        Assert.Single(A.Said<ChildEstablished>());
        Assert.Single(B.Said<ChildEstablished>());
    }

    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }

    private TimeSpan? Next() => new[] { Wire.NextArrival, A.Host.NextDeadline, B.Host.NextDeadline }.Min();

    private void Step()
    {
        while (Wire.TryTake(Now, out var flight))
        {
            foreach (var side in new[] { A, B }.Where(s => s.Address == flight.To.Address))
            {
                side.Do(host => host.HandleDatagram(Now, flight.To, flight.From, flight.Message));
            }
        }

        foreach (var side in new[] { A, B })
        {
            if (side.Host.NextDeadline is { } due && due <= Now)
            {
                side.Do(host => host.HandleDeadline(Now));
            }
        }
    }
}
