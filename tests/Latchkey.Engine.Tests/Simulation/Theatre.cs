using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;

namespace Latchkey.Engine.Tests;

/// <summary>
/// The cast of the scenarios: W, a server; C, its client; D, who comes later. D has a key of its own unless a scenario
/// says otherwise.
/// </summary>
internal sealed class Theatre : IDisposable
{
    private const int KeyOfW = 0;
    private const int KeyOfC = 1;
    private const int KeyOfD = 2;

    public Theatre(
        bool v6 = false, bool ipsec = true, bool dRunsLatchkey = true, bool dHasTheKeyOfC = false, bool cIsKnown = false, bool behindNat = false, bool cIsForeign = false, ProtectEntry? service = null, EngineSettings? settings = null)
    {
        var addresses = Enumerable.Range(1, 3).Select(i => InetAddress.Parse(v6 ? $"2001:db8::{i}" : $"192.0.2.{i}")).ToArray();
        var policy = Standard.Policy(service ?? Standard.Service, cIsKnown ? [Standard.Known("C", KeyOfC, addresses[1])] : []);
        World = new World(new WorldPlan(
            Seed: 1,
            [
                new HostPlan("W", addresses[0], KeyOfW, ipsec, policy),
                new HostPlan("C", addresses[1], KeyOfC, ipsec, policy, cIsForeign),
                new HostPlan("D", addresses[2], dHasTheKeyOfC ? KeyOfC : KeyOfD, ipsec && dRunsLatchkey, policy, cIsForeign && dHasTheKeyOfC),
            ],
            NetworkQuality.Perfect,
            settings ?? Standard.Engine)
        {
            Nat = behindNat ? (InetAddress.Parse(v6 ? "2001:db8:1::99" : "198.51.100.99"), [.. addresses[1..]]) : null,
        });
        W.Boot();
        C.Boot();
    }

    public World World { get; }

    public SimulatedHost W => World.Host("W");

    public SimulatedHost C => World.Host("C");

    public SimulatedHost D => World.Host("D");

    public InetAddress AddressOfC => C.Plan.Address;

    /// <summary>The socket of W that C connected to.</summary>
    public TcpSocket Served => World.Sockets.First(socket => socket.Host == W);

    /// <summary>The latch W holds for its one connection.</summary>
    public LatchSnapshot Latch => W.Daemon!.Engine.Latches().Single(latch => latch.State != LatchState.Listener && latch.Flow == Served.Flow);

    /// <summary>C connects to W; both write, and everything arrives.</summary>
    public TcpSocket Connect()
    {
        var socket = C.Sockets.Connect(AddressOfC, W.Plan.Address);
        socket.Write(3000);
        Require(World.RunUntil(() => socket.IsEstablished && World.Sockets.Any(s => s.Host == W && s.Read == 3000), TimeSpan.FromSeconds(5)), "C connects to W");
        Served.Write(2000);
        Require(World.RunUntil(() => socket.Read == 2000, TimeSpan.FromSeconds(5)), "W answers");
        return socket;
    }

    /// <summary>C vanishes, and D comes up at its address.</summary>
    public void ReplaceC()
    {
        C.Detach();
        D.TakeOver(AddressOfC);
        D.Boot();
    }

    /// <summary>D's application connects to W from C's old address, so that D's daemon begins.</summary>
    public TcpSocket ConnectFromD() => D.Sockets.Connect(AddressOfC, W.Plan.Address);

    /// <summary>Runs until the application behind W's socket has learned of its end.</summary>
    /// <returns>Time from the call until then, or null.</returns>
    public TimeSpan? TimeToNotice(TimeSpan limit)
    {
        var begin = World.Now;
        return World.RunUntil(() => !Served.IsOpen, limit) ? Served.Ended - begin : null;
    }

    public void Dispose() => World.Dispose();

    private void Require(bool so, string what)
    {
        if (!so)
        {
            throw new InvalidOperationException($"{what}: did not happen{Environment.NewLine}{string.Join(Environment.NewLine, World.Trace.Lines())}");
        }
    }
}
