using System.Buffers.Binary;
using System.Security.Cryptography;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Datapath;
using Latchkey.Wire;

namespace Latchkey.Bench.Datapath;

/// <summary>Two user datapaths that send to each other in memory; only computing is measured, no sockets and no devices.</summary>
internal sealed class TwoHosts : IDisposable
{
    private const int HeaderLength = Ipv4View.MinimumHeaderLength + TcpView.MinimumHeaderLength;
    private const int FlowsOfOneAddress = 50_000;

    /// <summary>Packets of a batch.</summary>
    private const int Packets = 64;

    private static readonly AeadAlgorithm Aead = Algorithms.FindAead(20, 256)!;
    private static readonly InetAddress Here = InetAddress.FromV4(0x0a00_0001);

    /// <summary>A super-segment becomes two trains at most.</summary>
    private readonly Crossing _wire = new(2 * Packets);
    private readonly UserDatapath _sender;
    private readonly UserDatapath _receiver;
    private readonly int _size;
    private readonly int _segments;

    // Of every flow, one after the other. Payloads are whatever lies in the batch: nobody reads them.
    private readonly byte[] _headers;

    // Flows come in an order without locality, as the packets of many connections do.
    private readonly int[] _order;
    private int _next;

    /// <param name="peers">Channels, each with an SA in either direction.</param>
    /// <param name="flows">Bound flows, spread over the peers.</param>
    /// <param name="size">Octets of an IP packet on the wire, before it is protected.</param>
    /// <param name="segments">Packets of one super-segment, as a local TCP leaves the cutting to the device; 1 for packets as they are.</param>
    public TwoHosts(int peers, int flows, int size, int segments = 1)
    {
        (_size, _segments) = (size, segments);
        _sender = NewDatapath(_wire);
        _receiver = NewDatapath(new Nowhere());
        for (var peer = 0; peer < peers; peer++)
        {
            var (channel, remote, spi) = (new ChannelId((uint)peer + 1), Remote(peer), 0x1000 + (uint)peer);
            var key = RandomNumberGenerator.GetBytes(Aead.KeyMaterialLength);
            _sender.Install(Sa(SaDirection.Outbound, spi, channel, key, Here, remote));
            _receiver.Install(Sa(SaDirection.Inbound, spi, channel, key, remote, Here));
        }

        _headers = new byte[flows * HeaderLength];
        for (var n = 0; n < flows; n++)
        {
            var (peer, ofPeer) = (n % peers, n / peers);
            var flow = new FlowKey(IpProtocol.Tcp, Here, (ushort)(10_000 + (ofPeer % FlowsOfOneAddress)), Remote(peer), (ushort)(7000 + (ofPeer / FlowsOfOneAddress)));
            var channel = new ChannelId((uint)peer + 1);
            _sender.Bind(flow, channel);
            _receiver.Bind(flow.Reversed, channel);
            Segment(flow, size).AsSpan(0, HeaderLength).CopyTo(_headers.AsSpan(n * HeaderLength));
        }

        _order = [.. Enumerable.Range(0, flows)];
        new Random(1).Shuffle(_order);
        Batch = new PacketBatch(Packets, Math.Max(SuperSegment, 2048));
    }

    public PacketBatch Batch { get; }

    /// <summary>Packets of a whole batch, as they are on the wire.</summary>
    public int PacketsOfBatch => Packets * _segments;

    private int SuperSegment => HeaderLength + (_segments * (_size - HeaderLength));

    /// <summary>Packets that did not come through.</summary>
    public long Lost => _sender.Drops.Values.Sum() + _receiver.Drops.Values.Sum();

    /// <summary>Puts one packet of each of the next flows into the batch: what a TUN device would do.</summary>
    public void Fill()
    {
        Batch.Clear();
        for (var i = 0; i < Batch.Capacity; i++)
        {
            Batch[i].Length = SuperSegment;
            var packet = Batch.Data(i);
            _headers.AsSpan(_order[_next] * HeaderLength, HeaderLength).CopyTo(packet);
            if (_segments > 1)
            {
                BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)SuperSegment);
                Batch[i].Offload = new(SegmentKind.Tcp, (ushort)(_size - HeaderLength), HeaderLength, NeedsChecksum: true, Ipv4View.MinimumHeaderLength, ChecksumOffset: 16);
            }

            _next = _next + 1 == _order.Length ? 0 : _next + 1;
        }

        Batch.Count = Batch.Capacity;
    }

    public void ParseAll()
    {
        for (var i = 0; i < Batch.Count; i++)
        {
            if (IpPacket.Read(Batch.Data(i), out _) == IpPacketKind.Malformed)
            {
                throw new InvalidOperationException("the packet is malformed");
            }
        }
    }

    /// <summary>From the TUN device to the wire.</summary>
    public void Protect()
    {
        _wire.Arrived.Clear();
        _sender.ProcessOutbound(Batch);
    }

    /// <summary>From the wire to the TUN device of the other host: what <see cref="Protect"/> sent.</summary>
    public void Receive() => _receiver.ProcessInbound(_wire.Arrived, Encapsulation.Udp);

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }

    private static UserDatapath NewDatapath(IPacketLink outer) => new(new Nowhere(), new OuterLinks(outer, outer), new NoQuestions(), () => TimeSpan.FromHours(1));

    private static InetAddress Remote(int peer) => InetAddress.FromV4(0x0a01_0000 + (uint)peer);

    private static EspSa Sa(SaDirection direction, uint spi, ChannelId channel, byte[] key, InetAddress local, InetAddress remote) => new(
        direction,
        spi,
        channel,
        Aead,
        new SecretBytes(key),
        Esn: true,
        SelectorSet.Of(TrafficSelector.For(InetPrefix.Of(local), TrafficSelector.AnyProtocol), TrafficSelector.For(InetPrefix.Of(remote), TrafficSelector.AnyProtocol)),
        new InetEndpoint(local, 4500),
        new InetEndpoint(remote, 4500),
        Encapsulation.Udp);

    /// <summary>An acknowledgement with data, as a local TCP sends it.</summary>
    private static byte[] Segment(FlowKey flow, int size)
    {
        var packet = new byte[size];
        var header = new Ipv4Header(flow.Local, flow.Remote, IpProtocol.Tcp, DontFragment: true).Write(packet, size - Ipv4View.MinimumHeaderLength);
        new TcpHeader(flow.LocalPort, flow.RemotePort, 1, 1, TcpFlags.Ack, 1000).Write(packet.AsSpan(header), flow.Local, flow.Remote);
        return packet;
    }
}
