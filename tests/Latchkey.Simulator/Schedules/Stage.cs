namespace Latchkey.Simulator;

/// <summary>What actions act on: the world and its attackers.</summary>
public sealed class Stage
{
    public Stage(World world)
    {
        ArgumentNullException.ThrowIfNull(world);
        World = world;
        var random = new SimulatedRandom(world.Plan.Seed);
        Forger = new OffPathForger(world, random.Fork(11));
        Replayer = new Replayer(world, random.Fork(12));
    }

    public World World { get; }

    public OffPathForger Forger { get; }

    public Replayer Replayer { get; }

    public SimulatedHost Host(int number) => World.Hosts[number % World.Hosts.Count];

    public TcpSocket? OpenSocket(int number)
    {
        var open = World.Sockets.Where(socket => socket.IsOpen).ToArray();
        return open.Length == 0 ? null : open[number % open.Length];
    }
}
