using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath.Tests.Soak;

/// <summary>A datapath whose local sockets check every octet they are given.</summary>
internal sealed class SoakHost : IPacketDevice
{
    private readonly Dictionary<FlowKey, Stream> _expected = [];
    private readonly byte[] _packet = new byte[ushort.MaxValue];
    private readonly PacketBatch _batch = new(8, ushort.MaxValue);

    public SoakHost(IPacketLink wire) => Datapath = new(this, new(wire, wire), new RecordingEvents(), () => TimeSpan.FromHours(1));

    public UserDatapath Datapath { get; }

    /// <summary>Segments that local sockets were given.</summary>
    public long Delivered { get; private set; }

    /// <summary>Packets that local sockets were given, super-segments as one.</summary>
    public long Entries { get; private set; }

    /// <summary>Segments that local sockets sent.</summary>
    public long Sent { get; private set; }

    public string Name => "sockets";

    public bool CutsTcp => true;

    public bool CutsUdp => true;

    public long Overflowed => 0;

    public void Expect(Stream stream) => _expected.Add(stream.Flow.Reversed, stream);

    /// <summary>Sends super-segments of flows chosen by chance.</summary>
    /// <returns>Octets of packets.</returns>
    public long Send(IReadOnlyList<Stream> streams, Random random)
    {
        _batch.Clear();
        var octets = 0L;
        for (var i = 0; i < _batch.Capacity; i++)
        {
            ref var slot = ref _batch[_batch.Count++];
            slot.Length = _batch.PacketSize;
            (slot.Length, var segments, slot.Offload) = streams[random.Next(streams.Count)].Next(1 + random.Next(48), _batch.Data(i));
            Sent += segments;
            octets += slot.Length;
        }

        Datapath.ProcessOutbound(_batch);
        return octets;
    }

    public int Receive(PacketBatch batch, int timeoutMilliseconds) => 0;

    public int Send(PacketGather packets)
    {
        for (var i = 0; i < packets.Count; i++)
        {
            var length = 0;
            foreach (var piece in packets.Pieces(i))
            {
                piece.Octets.CopyTo(_packet.AsSpan(length));
                length += piece.Length;
            }

            var packet = _packet.AsSpan(0, length);
            if (IpPacket.Read(packet, out var read) != IpPacketKind.Whole || !_expected.TryGetValue(read.InboundFlow, out var stream))
            {
                throw new InvalidOperationException("what is delivered is a whole packet of a flow");
            }

            Delivered += stream.Delivered(packet, packets.Offload(i));
            Entries++;
        }

        return 0;
    }

    public void Interrupt()
    {
    }

    public void Dispose() => Datapath.Dispose();
}
