using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Datapath;
using Latchkey.Latching;
using Latchkey.Linux;
using Latchkey.Linux.Protection;
using Latchkey.Linux.Sockets;
using Latchkey.Linux.Tun;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>
/// The host's network as the daemon uses it: the TUN device, the outer sockets, and the rules that keep protected
/// traffic inside. Closing takes away the device and the sockets; the rules stay, so that nothing leaves in clear.
/// </summary>
internal sealed class HostNetwork : IDisposable
{
    /// <summary>Room for jumbo frames; the routes into the device carry the real MTU.</summary>
    private const int DeviceMtu = 9216;

    private const int MtuOfEthernet = 1500;

    private AeadAlgorithm _widest = Proposals.CipherNames.GetAt(0).Value;
    private readonly DisposalStack _open = new();

    private HostNetwork(SecurityPolicy policy, IReadOnlyCollection<FlowKey> connections, IReadOnlyList<string> degraded)
    {
        var settings = Settings;
        var sockets = new OuterSocketSettings(settings.Mark);
        try
        {
            // Sockets first: a port that is taken must be found before anything of the host is changed.
            Port500 = _open.Push(new UdpLink(IkeLinks.Port, sockets));
            Port4500 = _open.Push(new UdpLink(IkeLinks.PortWithEsp, sockets with { Trains = true }));
            Esp = _open.Push(new RawEspLink(sockets));
            Tun = _open.Push(new TunDevice(DeviceMtu, settings.Device));
            Protection = _open.Push(new TrafficProtection(settings, Tun.Index, InnerMtu));
            Held = TrafficProtection.KeptInside(connections, settings).Where(flow => policy.Find(flow) is null).ToHashSet();
            Repaired = Protect(policy.Protect, Held);
        }
        catch
        {
            Dispose();
            throw;
        }

        Degraded = [.. degraded, .. Tun.Degraded, .. Port4500.HasTrains ? Array.Empty<string>() : ["the kernel has no segmentation offload for UDP: ESP packets are sent and received one by one"]];
    }

    /// <summary>Names and numbers in the kernel that are ours.</summary>
    public ProtectionSettings Settings { get; } = new();

    public UdpLink Port500 { get; }

    public UdpLink Port4500 { get; }

    public RawEspLink Esp { get; }

    public TunDevice Tun { get; }

    public TrafficProtection Protection { get; }

    public OuterLinks Outer => new(Port4500, Port4500, Esp, Esp);

    /// <summary>Connections that an earlier run protected and the policy of this one does not: they stay inside nevertheless.</summary>
    public IReadOnlySet<FlowKey> Held { get; }

    /// <summary>What an earlier, killed run had left and was put right.</summary>
    public IReadOnlyList<string> Repaired { get; }

    /// <summary>What the host lacks, and can be done without.</summary>
    public IReadOnlyList<string> Degraded { get; }

    /// <exception cref="StartupException">The host lacks what is needed, or refused it.</exception>
    /// <param name="connections">The host's connections.</param>
    public static HostNetwork Open(SecurityPolicy policy, IReadOnlyCollection<FlowKey> connections)
    {
        var missing = HostRequirements.Check(new ProtectionSettings(), clear: policy.Protect.Any(entry => entry.ClearUntilIpsec), forwarded: policy.Protect.Where(entry => entry.Forwarding is not null).SelectMany(Selectors));
        var fatal = missing.Where(m => m.Fatal).Select(m => m.Sentence.TrimEnd('.')).ToList();
        if (fatal.Count > 0)
        {
            throw new StartupException(string.Join("; ", fatal), "nothing on this host was changed");
        }

        try
        {
            return new HostNetwork(policy, connections, [.. missing.Select(m => m.Sentence)]);
        }
        catch (LinuxException e)
        {
            throw new StartupException(e.Message, "another IPsec or Latchkey daemon may be running on this host: stop it and start again");
        }
    }

    /// <summary>Protects what these entries cover, and the held flows; what was protected so far and is neither passes in clear.</summary>
    /// <returns>What an earlier, killed run had left and was put right.</returns>
    /// <exception cref="LinuxException">The kernel or nft refused; what is up stays up and is closed, not open.</exception>
    public IReadOnlyList<string> Protect(IReadOnlyList<ProtectEntry> entries, IEnumerable<FlowKey> held)
    {
        _widest = entries.SelectMany(entry => entry.Encryption).Append(Proposals.CipherNames.GetAt(0).Value).MinBy(cipher => InnerMtu(MtuOfEthernet, v6: false, tunnel: false, cipher))!;
        return Protection.Apply([.. entries.SelectMany(Selectors).Distinct()], held);
    }

    /// <summary>Which of the host's traffic an entry protects, one selector for each of its port pairs.</summary>
    internal static IEnumerable<ProtectedSelector> Selectors(ProtectEntry entry) =>
        entry.Ports.Select(pair => new ProtectedSelector(entry.Local, entry.Remote, entry.Protocol, Span(pair.Local), Span(pair.Remote), entry.ClearUntilIpsec) { Tunnel = entry.Tunnel, IsForwarded = entry.Forwarding is not null });

    public void Dispose() => _open.Dispose();

    private static PortSpan Span(PortRange range) => new(range.Start, range.End);

    // Of the ciphers that an entry names that with the most overhead; UDP encapsulation has more than none, and is the default.
    private int InnerMtu(int outerMtu, bool v6, bool tunnel) => InnerMtu(outerMtu, v6, tunnel, _widest);

    private static int InnerMtu(int outerMtu, bool v6, bool tunnel, AeadAlgorithm cipher) => EspOverhead.InnerMtu(outerMtu, v6, Encapsulation.Udp, cipher, tunnel);
}
