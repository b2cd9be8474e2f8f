using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>Sends whatever it likes from any address, and sees nothing.</summary>
public sealed class OffPathForger(World world, SimulatedRandom random)
{
    private static readonly ushort[] IkePorts = [500, 4500];

    /// <summary>Sends one forged datagram.</summary>
    public void Attack()
    {
        var victim = random.Pick(world.Hosts).SeenAs;
        var others = world.Hosts.Select(host => host.SeenAs).Where(address => address != victim && address.IsV4 == victim.IsV4).ToArray();
        var source = others.Length == 0 || random.Chance(0.2) ? victim : random.Pick(others);
        var forged = Forge(source, victim);
        world.Trace.Add("forger", forged);
        world.Network.Spoof(this, forged);
    }

    /// <summary>Complains to a victim about an SPI, or an IKE SA, in the name of its peer.</summary>
    public void Complain(InetAddress source, InetAddress victim) => world.Network.Spoof(
        this, Ike(source, victim, random.Chance(0.5) ? IkeForgery.InvalidSpi(random, (uint)random.Next()) : IkeForgery.InvalidIkeSpi(random)));

    private Datagram Forge(InetAddress source, InetAddress victim) => random.Below(8) switch
    {
        0 => Ike(source, victim, IkeForgery.Noise(random, random.Below(120))),
        1 or 2 => Ike(source, victim, IkeForgery.Plausible(random)),
        3 => Ike(source, victim, IkeForgery.InvalidSpi(random, (uint)random.Next())),
        4 => Ike(source, victim, IkeForgery.InvalidIkeSpi(random)),
        5 => new EspDatagram(new(source, 4500), new(victim, 4500), Encapsulation.Udp, new SealedSegment((uint)random.Next(), default, random.Next(), Segment(source, victim))),
        _ => new ClearDatagram(Segment(source, victim)),
    };

    private IkeDatagram Ike(InetAddress source, InetAddress victim, byte[] message)
    {
        var port = random.Pick(IkePorts);
        return new IkeDatagram(new InetEndpoint(source, port), new InetEndpoint(victim, port), message);
    }

    // It guesses well: ports of connections that may exist, and any flags.
    private Segment Segment(InetAddress source, InetAddress victim)
    {
        var ephemeral = (ushort)(40000 + random.Below(8));
        var towardService = random.Chance(0.5);
        var flow = new FlowKey(
            IpProtocol.Tcp, source, towardService ? ephemeral : TcpStack.ServicePort, victim, towardService ? TcpStack.ServicePort : ephemeral);
        return new Segment(flow, (SegmentFlags)random.Below(16), (uint)random.Next(), (uint)random.Next(), random.Below(2) * 100, 0);
    }
}
