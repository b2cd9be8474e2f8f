using BenchmarkDotNet.Attributes;
using Latchkey.Datapath;
using Latchkey.Wire;

namespace Latchkey.MicroBench;

/// <summary>A super-segment of 64 KiB cut into segments with checksums of their own, each written where it would be encrypted.</summary>
public class SegmentationBenchmarks
{
    private readonly byte[] _room = new byte[2 * ushort.MaxValue];
    private SuperSegment _super = null!;

    [Params(IpProtocol.Tcp, IpProtocol.Udp)]
    public IpProtocol Protocol { get; set; }

    [Params(4, 6)]
    public int Version { get; set; }

    [GlobalSetup]
    public void SetUp() => _super = new(Protocol, Version == 6);

    [Benchmark]
    public int Cut()
    {
        var packet = _super.Packet;
        Segmentation.TryCreate(_super.Octets, packet, _super.Offload, packet.ProtectedOffset, out var segments);
        var at = 0;
        for (var i = 0; i < segments.Count; i++)
        {
            var length = segments.LengthOf(i);
            segments.Write(i, _room.AsSpan(at, length));
            at += length;
        }

        return at;
    }
}
