using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Latchkey.Contract;
using Latchkey.Linux.Native;
using Latchkey.Linux.Tun;
using Latchkey.Wire;

namespace Latchkey.Fuzz;

/// <summary>
/// The datapath's side of the TUN device: any octets behind any virtio header, in batches, with decisions and time between
/// them. <see cref="OuterJudge"/> says what must hold.
/// </summary>
/// <remarks>
/// The first octet: how unknown flows are answered. Then steps, each an octet and what it takes: 0 a packet (virtio header
/// 10, length 2, octets to be followed by zeros 2, octets); 1 the same, but its addresses and lengths are put right; 2 the
/// batch is processed; 3 a command (1) and time (2, in milliseconds).
/// </remarks>
internal sealed class FromSocketsTarget : FuzzTarget
{
    // Not made before the first input, because instrumented code cannot run earlier; and anew after one that broke something.
    private StrippedDatapath? _host;

    public override string Name => "datapath-sockets";

    public override string About => "packets of local sockets behind virtio headers, to a datapath whose cipher is taken out";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        var host = _host ?? new();
        _host = null;
        host.Begin();
        host.Batch.Clear();
        var steps = new Steps(input);
        host.Mood = steps.U8() % 3;
        while (steps.AreLeft)
        {
            var kind = steps.U8() % 4;
            if (kind < 2)
            {
                Add(host.Batch, ref steps, putRight: kind == 1);
            }

            if (kind == 2 || host.Batch.Count == host.Batch.Capacity)
            {
                Process(host);
            }

            if (kind == 3)
            {
                Process(host);
                host.Command(steps.U8());
                host.Pass(TimeSpan.FromMilliseconds(steps.U16()));
            }
        }

        Process(host);
        host.End(input.Length);
        _host = host;
    }

    private static void Process(StrippedDatapath host)
    {
        host.FromSockets();
        host.Batch.Clear();
    }

    private static void Add(PacketBatch batch, ref Steps steps, bool putRight)
    {
        var header = MemoryMarshal.Read<VirtioNetHeader>(steps.Take(VirtioNetHeader.Size));
        var octets = steps.Sized();
        var length = Math.Min(octets.Length + steps.U16(), ushort.MaxValue);
        if (length == 0)
        {
            return;
        }

        ref var slot = ref batch[batch.Count++];
        slot.Offload = VirtioHeader.Read(header);
        slot.Length = length;
        var packet = batch.Data(batch.Count - 1);
        packet.Clear();
        octets.CopyTo(packet);
        if (putRight)
        {
            PutRight(packet);
        }
    }

    private static void PutRight(Span<byte> packet)
    {
        if (packet.Length >= Ipv6View.HeaderLength && packet[0] >> 4 == 6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)(packet.Length - Ipv6View.HeaderLength));
            StrippedDatapath.HereV6.CopyTo(packet[8..]);
            StrippedDatapath.ThereV6.CopyTo(packet[24..]);
        }
        else if (packet.Length >= Ipv4View.MinimumHeaderLength)
        {
            packet[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)packet.Length);

            // An odd time to live: through the tunnel.
            var (here, there) = packet[8] % 2 == 1 ? (StrippedDatapath.Inner.Local, StrippedDatapath.Inner.Remote) : (StrippedDatapath.HereV4, StrippedDatapath.ThereV4);
            here.CopyTo(packet[12..]);
            there.CopyTo(packet[16..]);
        }
    }
}
