using System.Collections.Immutable;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>
/// The cast of the scenarios in tunnels: W and C, which each have an outer address and one in the net that their end of the tunnel
/// is for; D, with a key of its own and the configuration of C, who comes later.
/// </summary>
public abstract class TunnelTheatre : IDisposable
{
    /// <param name="ofW">W's side of the tunnel.</param>
    /// <param name="ofC">C's and D's; without one, what mirrors W's.</param>
    /// <param name="beside">Another entry of everybody's policy.</param>
    /// <param name="nat">A NAT's public address, and the private ones behind it.</param>
    protected TunnelTheatre(
        ProtectEntry ofW, ProtectEntry? ofC = null, ProtectEntry? beside = null, EngineSettings? settings = null, (InetAddress Address, ImmutableArray<InetAddress> Inside)? nat = null)
    {
        var policyOfC = Policy(ofC ?? Mirrored(ofW), beside);
        World = new World(new WorldPlan(
            Seed: 1,
            [
                new HostPlan("W", Inner.Local, 0, RunsLatchkey: true, Policy(ofW, beside)),
                new HostPlan("C", Inner.Remote, 1, RunsLatchkey: true, policyOfC),
                new HostPlan("D", InetAddress.Parse("192.0.2.3"), 2, RunsLatchkey: true, policyOfC),
            ],
            NetworkQuality.Perfect,
            settings ?? Standard.Engine)
        {
            Nat = nat,
        });
        W.Boot();
        C.Boot();
        W.TakeOver(Outer.Local);
        C.TakeOver(Outer.Remote);
    }

    /// <summary>Of W and of C.</summary>
    protected static AddressPair Outer { get; } = new(InetAddress.Parse("192.0.2.1"), InetAddress.Parse("192.0.2.2"));

    protected static AddressPair Inner { get; } = new(InetAddress.Parse("10.1.0.1"), InetAddress.Parse("10.2.0.7"));

    /// <summary>The service of W's net, through the tunnel.</summary>
    protected static ProtectEntry Entry { get; } =
        Standard.Service with { Local = InetPrefix.Parse("10.1.0.0/16"), Remote = InetPrefix.Parse("10.2.0.0/16"), Tunnel = Outer };

    /// <summary>Longer than anything takes that happens at all.</summary>
    protected static TimeSpan Soon { get; } = TimeSpan.FromSeconds(10);

    protected World World { get; }

    protected SimulatedHost W => World.Host("W");

    protected SimulatedHost C => World.Host("C");

    protected SimulatedHost D => World.Host("D");

    public void Dispose()
    {
        World.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The same tunnel from its other end.</summary>
    protected static ProtectEntry Mirrored(ProtectEntry entry)
    {
        var ends = entry.Tunnel!.Value;
        return entry with { Local = entry.Remote, Remote = entry.Local, Tunnel = ends with { Local = ends.Remote, Remote = ends.Local } };
    }

    protected static SecurityPolicy Policy(ProtectEntry entry, ProtectEntry? beside) => new(beside is null ? [entry] : [entry, beside], []);

    protected void Until(Func<bool> condition, TimeSpan? limit = null) => Assert.True(World.RunUntil(condition, limit ?? Soon), Trace());

    /// <summary>C vanishes, and D comes up at the outer address that C had at first.</summary>
    protected void ReplaceC()
    {
        C.Detach();
        D.TakeOver(Outer.Remote);
        D.Boot();
    }

    /// <summary>C connects to W through the tunnel.</summary>
    /// <returns>The sockets of C and of W.</returns>
    protected (TcpSocket Here, TcpSocket There) Connect()
    {
        var socket = C.Sockets.Connect(Inner.Remote, Inner.Local);
        socket.Write(3000);
        Until(() => World.Socket(socket.Peer)?.Read == 3000);
        return (socket, World.Socket(socket.Peer)!);
    }

    /// <summary>Both write, and everything arrives.</summary>
    protected void Exchange(TcpSocket one, TcpSocket other)
    {
        var (a, b) = (one.Read + 400, other.Read + 300);
        one.Write(300);
        other.Write(400);
        Until(() => one.Read == a && other.Read == b);
    }

    private string Trace() => string.Join(Environment.NewLine, World.Trace.Lines());
}
