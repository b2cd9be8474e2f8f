using CsCheck;
using Latchkey.Bench.Bare;
using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Bench.Tests;

/// <summary>The tunnel that Latchkey is compared with carries everything: what it left out would make it too fast.</summary>
public class BareTunnelTests
{
    private static readonly InetEndpoint Here = new(InetAddress.Parse("10.77.0.1"), 4600);
    private static readonly InetEndpoint There = new(InetAddress.Parse("10.77.0.2"), 4600);

    // Behind one that fills its last datagram another packet may go on in the same train.
    private static readonly Gen<int> Length =
        Gen.OneOf(Gen.Const(52), Gen.Int[1, 3000], Gen.Int[1, BareTunnel.LargestPacket], Gen.Int[1, 42].Select(full => full * 1400));

    [Fact]
    public void What_the_device_gave_at_one_end_it_is_given_at_the_other() =>
        Gen.OneOf(Length.Array[1, 64], Gen.Const(52).Array[65, 100]).Sample(lengths =>
        {
            var link = new Cable();
            var device = new Far();
            using var near = new BareTunnel(device, link, Here, There);
            using var far = new BareTunnel(device, link, There, Here);
            var given = new PacketBatch(100, ushort.MaxValue);
            for (var i = 0; i < lengths.Length; i++)
            {
                given[i].Length = lengths[i];
                given[i].Offload = new PacketOffload(SegmentKind.Tcp, (ushort)lengths[i], 52, NeedsChecksum: true, 20, (ushort)i);
                new Random(i).NextBytes(given.DataAndRoom(i)[..lengths[i]]);
            }

            given.Count = lengths.Length;
            var sent = Enumerable.Range(0, given.Count).Select(i => (given.Data(i).ToArray(), given[i].Offload)).ToList();
            near.Send(given);
            foreach (var batch in link.Carried)
            {
                far.Receive(batch);
            }

            Assert.Equal(sent.Select(p => p.Offload), device.Given.Select(p => p.Offload));
            Assert.All(sent.Zip(device.Given), pair => Assert.Equal(pair.First.Item1, pair.Second.Octets));
            Assert.All(link.Carried, batch => Assert.All(Enumerable.Range(0, batch.Count), i => Assert.InRange(batch[i].Packets, 1, 64)));
        }, iter: 300);

    [Fact]
    public void What_was_damaged_on_its_way_is_not_given_to_the_device()
    {
        var link = new Cable();
        var device = new Far();
        using var near = new BareTunnel(device, link, Here, There);
        using var far = new BareTunnel(device, link, There, Here);
        var given = new PacketBatch(1, ushort.MaxValue) { Count = 1 };
        given[0].Length = 100;
        near.Send(given);
        link.Carried[0].Data(0)[60] ^= 1;
        Assert.Throws<InvalidOperationException>(() => far.Receive(link.Carried[0]));
        Assert.Empty(device.Given);
    }

    /// <summary>Carries trains as UDP_SEGMENT and UDP_GRO do: whole.</summary>
    private sealed class Cable : IPacketLink
    {
        public List<PacketBatch> Carried { get; } = [];

        public string Name => "cable";

        public void Send(PacketBatch batch)
        {
            var carried = new PacketBatch(Math.Max(1, batch.Count), ushort.MaxValue) { Count = batch.Count };
            for (var i = 0; i < batch.Count; i++)
            {
                Assert.Equal((Here, There), (batch[i].Local, batch[i].Remote));
                carried[i].Length = batch[i].Length;
                carried[i].SegmentSize = batch[i].Packets == 1 ? 0 : batch[i].SegmentSize;
                batch.Data(i).CopyTo(carried.DataAndRoom(i));
            }

            Carried.Add(carried);
        }

        public int Receive(PacketBatch batch, int timeoutMilliseconds) => throw new NotSupportedException();

        public bool WaitForRoom(int timeoutMilliseconds) => true;

        public void Interrupt()
        {
        }

        public void Dispose()
        {
        }
    }

    /// <summary>Keeps what it is given.</summary>
    private sealed class Far : IPacketDevice
    {
        public List<(byte[] Octets, PacketOffload Offload)> Given { get; } = [];

        public string Name => "far";

        public bool CutsTcp => true;

        public bool CutsUdp => true;

        public long Overflowed => 0;

        public int Send(PacketGather packets)
        {
            for (var i = 0; i < packets.Count; i++)
            {
                var octets = new List<byte>();
                foreach (var piece in packets.Pieces(i))
                {
                    octets.AddRange(piece.Octets);
                }

                Given.Add(([.. octets], packets.Offload(i)));
            }

            return 0;
        }

        public int Receive(PacketBatch batch, int timeoutMilliseconds) => throw new NotSupportedException();

        public void Interrupt()
        {
        }

        public void Dispose()
        {
        }
    }
}
