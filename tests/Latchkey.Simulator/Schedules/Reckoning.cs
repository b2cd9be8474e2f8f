using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// The end of a run: the network heals, every host comes up, every address has one owner. Then what can work must work,
/// what cannot must have been told, and nobody must have been told without cause.
/// </summary>
public static class Reckoning
{
    private const string Liveness = "Whoever can reach its peer does, and whoever cannot is told";

    // Longer than the longest pause of a retransmission, of IKE or TCP, several times over.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    // Longer than the longest train of probes that may have begun before the network healed.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);

    // What happened so long before a socket was made may still have caused its end.
    private static readonly TimeSpan Aftermath = TimeSpan.FromMinutes(3);

    public static void Hold(World world, bool newcomersStay)
    {
        ArgumentNullException.ThrowIfNull(world);
        Heal(world, newcomersStay);
        Speak(world);
        world.RunUntil(() => world.Sockets.All(socket => Complaint(world, socket) is null), Settling);

        // Probes that were lost before the network healed may end a connection just after. TCP learns of that when it
        // speaks (RFC 9293 §3.5.1): whoever has said all he had to say before is not told until he says more.
        Speak(world);
        world.RunUntil(() => world.Sockets.All(socket => Complaint(world, socket) is null), Limit);
        foreach (var socket in world.Sockets)
        {
            if (Complaint(world, socket) is { } complaint)
            {
                throw new InvariantViolatedException(Liveness, $"{socket}: {complaint}");
            }
        }
    }

    private static void Speak(World world)
    {
        foreach (var socket in world.Sockets.Where(socket => socket.IsOpen).ToArray())
        {
            socket.Write(10);
        }
    }

    private static void Heal(World world, bool newcomersStay)
    {
        world.Trace.Add("--", "everything heals");
        world.Network.Quality = NetworkQuality.Perfect;
        world.Network.HealPartitions();
        foreach (var host in world.Hosts)
        {
            host.PinStore.IsFull = false;
            host.Boot();
            host.Attach();
            host.Journal.IsFull = false;
            host.StartDaemon();
        }

        var taken = new HashSet<InetAddress>();
        foreach (var host in world.Hosts)
        {
            if (!newcomersStay || host.Addresses.Skip(1).Any(taken.Contains))
            {
                host.GiveBack();
            }

            taken.UnionWith(host.Addresses.Skip(1));
        }

        foreach (var host in world.Hosts.Where(host => taken.Contains(host.Plan.Address)))
        {
            host.Detach();
        }
    }

    private static string? Complaint(World world, TcpSocket socket) =>
        socket.IsOpen ? ComplaintOfOpen(world, socket) : ComplaintOfEnded(world, socket);

    private static string? ComplaintOfOpen(World world, TcpSocket socket)
    {
        // What a host says to an address it took itself never leaves it.
        if ((world.Network.NatOf(socket.Flow.Remote) is not null && world.Network.NatOf(socket.Flow.Local) is null)
            || OwnerOf(world, socket.Flow.Local) != socket.Host || OwnerOf(world, socket.Flow.Remote) is not { } owner || owner == socket.Host
            || owner.Plan.RunsLatchkey != socket.Host.Plan.RunsLatchkey || !MayTalk(world, socket, owner))
        {
            return null;
        }

        if (socket.Peer == 0)
        {
            // A socket of an earlier peer may sit out its patience there, on the very 5-tuple; and behind a NAT a neighbour may
            // hold the port.
            return Waits(world, socket) || IsShared(world, socket) || Waits(world, owner, socket.Flow.Reversed, socket.Born) ? null : $"its peer {owner} is there, and it does not get through";
        }

        var peer = world.Socket(socket.Peer)!;
        if (peer.IsOpen && peer.Host == owner)
        {
            return peer.Read == socket.Written && socket.Read == peer.Written || Waits(world, socket) || Waits(world, peer)
                ? null
                : $"its peer lives ({peer}), and not all octets arrived";
        }

        // Behind a NAT a neighbour may have got its port meanwhile, and then its peer's host has no words for it.
        return Waits(world, socket) || Waits(world, peer) || IsShared(world, socket) ? null : $"its peer is gone ({peer}; {owner} is there), and nobody told it";
    }

    private static string? ComplaintOfEnded(World world, TcpSocket socket)
    {
        // A plain host believes any reset that guesses right.
        if (socket.Outcome is not (SocketOutcome.Reset or SocketOutcome.Refused) || !socket.Host.Plan.RunsLatchkey)
        {
            return null;
        }

        if (socket.Outcome == SocketOutcome.Refused && world.Network.FirstMessagesWereTouched)
        {
            return null;
        }

        if (OwnerOf(world, socket.Flow.Remote) is { } owner && !MayTalk(world, socket, owner))
        {
            return null;
        }

        // Refused for want of room; or reset, because what could not be written down is not known after a restart.
        if (world.Hosts.Any(host => host.WasWithoutRoom))
        {
            return null;
        }

        if (IsShared(world, socket))
        {
            // A port that a silent host had may rightly go to its neighbour, and a port in use is refused to it.
            return null;
        }

        var since = socket.Born - Aftermath;
        return world.WasDisturbed(socket.Flow.Local, since) || world.WasDisturbed(socket.Flow.Remote, since)
            || world.Socket(socket.Peer)?.Outcome is SocketOutcome.Closed or SocketOutcome.TimedOut
            ? null
            : "it was told that its peer is gone, which is not so";
    }

    /// <summary>One end is behind a NAT, together with others.</summary>
    private static bool IsShared(World world, TcpSocket socket) => world.Plan.Nat is { } nat
        && (nat.Address == socket.Flow.Remote || nat.Inside.Contains(socket.Flow.Local));

    private static SimulatedHost? OwnerOf(World world, InetAddress address) =>
        world.Network.Claimants(address) is [var owner] ? owner : null;

    private static bool MayTalk(World world, TcpSocket socket, SimulatedHost owner) =>
        PolicyOracle.Allows(socket.Host.Policy, owner.Fingerprint, socket.Flow)
        && PolicyOracle.Allows(owner.Policy, socket.Host.Fingerprint, AsOthersSeeIt(world, socket.Flow).Reversed);

    private static FlowKey AsOthersSeeIt(World world, FlowKey flow) =>
        world.Network.NatOf(flow.Local) is { } nat && world.Network.NatOf(flow.Remote) is null ? flow with { Local = nat.Address } : flow;

    // A latch broken under a policy that said "wait" leaves its socket to TCP's own patience.
    private static bool Waits(World world, TcpSocket socket) => Waits(world, socket.Host, socket.Flow, socket.Born);

    private static bool Waits(World world, SimulatedHost host, FlowKey flow, TimeSpan born) =>
        host.Policies.Any(policy => policy.Find(flow)?.DispositionFor(IpProtocol.Tcp) == Disposition.Wait)
        && (world.WasDisturbed(flow.Local, born - Aftermath) || world.WasDisturbed(flow.Remote, born - Aftermath));
}
