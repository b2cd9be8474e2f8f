using Latchkey.Simulator;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>Invariant 3: what nobody authenticated is a hint, and leaves latches and SAs exactly as they are.</summary>
public sealed class UnauthenticatedDatagrams
{
    private const int Datagrams = 1000;
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(10);

    public static TheoryData<ulong> Seeds => [.. Enumerable.Range(1, 20).Select(seed => (ulong)seed)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Forged_replayed_and_damaged_datagrams_leave_latches_and_SAs_as_they_are(ulong seed)
    {
        Assert.Equal(Play(seed, attacked: false), Play(seed, attacked: true));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Forged_hints_cause_at_most_one_probe_per_peer_and_interval(ulong seed)
    {
        using var theatre = new Theatre();
        theatre.Connect();
        var quiet = theatre.C.Daemon!.IkeMessagesReceivedFrom(theatre.W.Plan.Address);
        var forger = new OffPathForger(theatre.World, new SimulatedRandom(seed));
        for (var i = 0; i < Datagrams; i++)
        {
            forger.Complain(theatre.C.Plan.Address, theatre.W.Plan.Address);
            theatre.World.RunFor(Spacing);
        }

        // Nothing is lost here, so a probe is one request.
        var intervals = (int)(Datagrams * Spacing / theatre.World.Plan.Engine.HintInterval);
        Assert.InRange(theatre.C.Daemon.IkeMessagesReceivedFrom(theatre.W.Plan.Address) - quiet, 1, intervals + 1);
    }

    private static string Play(ulong seed, bool attacked)
    {
        using var theatre = new Theatre();
        var forger = new OffPathForger(theatre.World, new SimulatedRandom(seed));
        var replayer = new Replayer(theatre.World, new SimulatedRandom(seed));
        var socket = theatre.Connect();
        theatre.D.Boot();
        theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.W.Plan.Address);
        theatre.World.RunFor(TimeSpan.FromSeconds(1));
        for (var i = 0; i < Datagrams; i++)
        {
            if (attacked)
            {
                forger.Attack();
                replayer.Attack();
            }

            socket.Write(10);
            theatre.World.RunFor(Spacing);
        }

        theatre.World.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(3000u + (Datagrams * 10), theatre.World.Socket(socket.Peer)!.Read);
        return string.Join(Environment.NewLine, theatre.World.Hosts.SelectMany(StateOf));
    }

    private static IEnumerable<string> StateOf(SimulatedHost host)
    {
        var engine = host.Daemon!.Engine;
        var latches = engine.Latches().Select(latch => $"{host} {latch}");
        // A replayed first message of IKE leaves a half-open SA until it is forgotten: no more state than a cookie allows.
        var sas = engine.Sas().Where(sa => sa.State == "established")
            .SelectMany(sa => sa.Children, (sa, child) => $"{host} {sa with { Children = [] }} {child}");
        return [.. latches, .. sas];
    }
}
