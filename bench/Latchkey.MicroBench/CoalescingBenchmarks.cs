using BenchmarkDotNet.Attributes;
using Latchkey.Bench.Datapath;
using Latchkey.Contract;
using Latchkey.Datapath;
using Latchkey.Wire;

namespace Latchkey.MicroBench;

/// <summary>
/// The segments of 64 KiB, as they lie behind each other when they were decrypted, joined to one super-segment. The checksum
/// of each is verified.
/// </summary>
public class CoalescingBenchmarks
{
    private readonly PacketGather _gather = new(capacity: 256, pieces: 2048, headerRoom: 256 * Ipv6View.HeaderLength);
    private readonly List<(IpPacket Packet, int Position)> _segments = [];
    private byte[] _slab = null!;
    private byte[] _heads = null!;
    private Coalescing _coalescing = null!;
    private Flow _flow = null!;

    [Params(IpProtocol.Tcp, IpProtocol.Udp)]
    public IpProtocol Protocol { get; set; }

    [Params(4, 6)]
    public int Version { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        var super = new SuperSegment(Protocol, Version == 6);
        var packet = super.Packet;
        Segmentation.TryCreate(super.Octets, packet, super.Offload, packet.ProtectedOffset, out var segments);
        _slab = GC.AllocateArray<byte>(2 * ushort.MaxValue, pinned: true);
        _segments.Clear();
        for (int i = 0, at = 0; i < segments.Count; i++)
        {
            segments.Write(i, _slab.AsSpan(at, segments.LengthOf(i)));
            _segments.Add((packet with { Length = packet.ProtectedOffset + segments.LengthOf(i) }, at));
            at += segments.LengthOf(i);
        }

        _heads = _slab[..(super.Offload.HeaderLength - packet.ProtectedOffset)];
        _coalescing = new(_gather, new Nowhere());
        _flow = new(super.Flow);
    }

    [Benchmark]
    public int Join()
    {
        // Joining mends the head in place.
        _heads.CopyTo(_slab, 0);
        foreach (var (packet, position) in _segments)
        {
            _coalescing.Add(_flow, packet, _slab, position, hasOwnHeader: false);
        }

        _coalescing.Close();
        var joined = _gather.Count;
        _gather.Clear();
        return joined == 1 ? joined : throw new InvalidOperationException($"{joined} super-segments came of one");
    }
}
