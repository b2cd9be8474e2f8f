using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Datapath.Tests;

/// <summary>One host's datapath between links in memory, with a clock that tests move.</summary>
internal sealed class Host : IDisposable
{
    public static readonly ChannelId Channel = new(1);

    private readonly PacketBatch _batch = new(64, 65_535);

    public Host(InetAddress address, DatapathSettings? settings = null, IClearPath? clear = null)
    {
        Address = address;
        Outer = new(
            UdpV4: address.IsV4 ? Udp : null, UdpV6: address.IsV6 ? Udp : null, EspV4: address.IsV4 ? Esp : null, EspV6: address.IsV6 ? Esp : null);
        Datapath = new(Tun, Outer, Events, () => Now, settings, clear);
    }

    public InetAddress Address { get; }

    public TimeSpan Now { get; set; } = TimeSpan.FromHours(1);

    public MemoryLink Tun { get; } = new("tun");

    public MemoryLink Udp { get; } = new("udp 4500");

    public MemoryLink Esp { get; } = new("esp");

    public OuterLinks Outer { get; }

    public RecordingEvents Events { get; } = new();

    public UserDatapath Datapath { get; }

    /// <summary>A local socket sends.</summary>
    public void Send(params byte[][] packets)
    {
        foreach (var packet in packets)
        {
            Tun.Put(packet);
        }

        Tun.Receive(_batch, 0);
        Datapath.ProcessOutbound(_batch);
    }

    /// <summary>A local socket sends what its device is to cut.</summary>
    public void Send((byte[] Packet, PacketOffload Offload) super)
    {
        Tun.Put(super.Packet, offload: super.Offload);
        Tun.Receive(_batch, 0);
        Datapath.ProcessOutbound(_batch);
    }

    /// <summary>A train of datagrams arrives from outside.</summary>
    public void ReceiveTrain(IReadOnlyCollection<byte[]> datagrams, InetAddress from)
    {
        Udp.Put([.. datagrams.SelectMany(d => d)], new(Address, 4500), new(from, 4500), segmentSize: datagrams.First().Length);
        Udp.Receive(_batch, 0);
        Datapath.ProcessInbound(_batch, Encapsulation.Udp);
    }

    /// <summary>Octets arrive from outside.</summary>
    public void Receive(byte[] octets, InetAddress from, Encapsulation encapsulation = Encapsulation.Udp, byte trafficClass = 0)
    {
        Udp.Put(octets, new(Address, 4500), new(from, 4500), trafficClass: trafficClass);
        Udp.Receive(_batch, 0);
        Datapath.ProcessInbound(_batch, encapsulation);
    }

    /// <summary>What was put into the link arrives as one batch.</summary>
    public void ReceiveWaiting()
    {
        Udp.Receive(_batch, 0);
        Datapath.ProcessInbound(_batch, Encapsulation.Udp);
    }

    /// <summary>Moves everything this host has sent to the other one; gives how many packets that were.</summary>
    public int CarryTo(Host other)
    {
        var udp = Udp.TakeSent();
        udp.ForEach(p => other.Receive(p.Octets, Address, trafficClass: p.TrafficClass));
        var esp = Esp.TakeSent();
        esp.ForEach(p => other.Receive(p.Octets, Address, Encapsulation.Esp, p.TrafficClass));
        return udp.Count + esp.Count;
    }

    /// <summary>IP packets that local sockets were given since the last call.</summary>
    public List<byte[]> Delivered() => [.. Tun.TakeSent().Select(p => p.Octets)];

    public long Drops(DropReason reason) => Datapath.Drops[reason];

    public void Pass(double milliseconds)
    {
        Now += TimeSpan.FromMilliseconds(milliseconds);
        Datapath.Tick();
    }

    /// <summary>Installs both directions toward a peer; <paramref name="mine"/> is the SPI of what this host receives.</summary>
    public void InstallPair(
        InetAddress peer, uint mine, uint theirs, AeadAlgorithm? algorithm = null, bool esn = true,
        Encapsulation encapsulation = Encapsulation.Udp, ChannelId? channel = null, SelectorSet? selectors = null)
    {
        Install(SaDirection.Inbound, peer, mine, algorithm, esn, encapsulation, channel, selectors);
        Install(SaDirection.Outbound, peer, theirs, algorithm, esn, encapsulation, channel, selectors);
    }

    public void Install(
        SaDirection direction, InetAddress peer, uint spi, AeadAlgorithm? algorithm = null, bool esn = true,
        Encapsulation encapsulation = Encapsulation.Udp, ChannelId? channel = null, SelectorSet? selectors = null, bool translated = false, bool tunnel = false)
    {
        algorithm ??= Algorithms.Aeads[0];
        Datapath.Install(new(
            direction, spi, channel ?? Channel, algorithm, new(KeyFor(spi, algorithm)), esn,
            selectors ?? SelectorSet.Of(TrafficSelector.For(InetPrefix.Of(Address), 0), TrafficSelector.For(InetPrefix.Of(peer), 0)),
            new(Address, 4500), new(peer, 4500), encapsulation, translated, tunnel));
    }

    /// <summary>Keys of tests follow from the SPI, so that both ends and the judges know them.</summary>
    public static byte[] KeyFor(uint spi, AeadAlgorithm algorithm) =>
        [.. Enumerable.Range(0, algorithm.KeyMaterialLength).Select(i => (byte)((i * 7) + spi))];

    public void Dispose()
    {
        Datapath.Dispose();
        Tun.Dispose();
        Udp.Dispose();
        Esp.Dispose();
    }
}
