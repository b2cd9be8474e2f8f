using Latchkey.Linux.Protection;
using Latchkey.Wire;

namespace Latchkey.Linux.Tests.Hosts;

/// <summary>Two hosts on a link whose traffic to port 7000, TCP and UDP, either side, goes through a tunnel.</summary>
internal sealed class ProtectedPair : IDisposable
{
    public static readonly ProtectionSettings Settings = new();

    public ProtectedPair(Action<TestHost>? prepare = null)
    {
        (Here, There) = TestHost.Pair();
        prepare?.Invoke(Here);
        prepare?.Invoke(There);
        TunnelHere = new PlainTunnel(Here, InetAddress.Parse("192.0.2.2"), InetAddress.Parse("2001:db8::2"));
        TunnelThere = new PlainTunnel(There, InetAddress.Parse("192.0.2.1"), InetAddress.Parse("2001:db8::1"));
        ProtectionHere = new TrafficProtection(Settings, TunnelHere.Device.Index, InnerMtu);
        ProtectionThere = new TrafficProtection(Settings, TunnelThere.Device.Index, InnerMtu);
        Here.In(() => ProtectionHere.Apply(Port7000, held: []));
        There.In(() => ProtectionThere.Apply(Port7000, held: []));
    }

    public static IReadOnlyList<ProtectedSelector> Port7000 { get; } =
    [
        new(null, null, IpProtocol.Tcp, PortSpan.Any, PortSpan.One(7000)),
        new(null, null, IpProtocol.Tcp, PortSpan.One(7000), PortSpan.Any),
        new(null, null, IpProtocol.Udp, PortSpan.Any, PortSpan.One(7000)),
        new(null, null, IpProtocol.Udp, PortSpan.One(7000), PortSpan.Any),
    ];

    public TestHost Here { get; }

    public TestHost There { get; }

    public PlainTunnel TunnelHere { get; }

    public PlainTunnel TunnelThere { get; }

    public TrafficProtection ProtectionHere { get; }

    public TrafficProtection ProtectionThere { get; }

    public static int InnerMtu(int outerMtu, bool v6, bool tunnel) => outerMtu - PlainTunnel.Overhead;

    public void Dispose()
    {
        TunnelHere.Dispose();
        TunnelThere.Dispose();
        Here.Dispose();
        There.Dispose();
    }
}
