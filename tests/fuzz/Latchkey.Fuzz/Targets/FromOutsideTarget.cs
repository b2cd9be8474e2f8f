using System.Buffers.Binary;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Fuzz;

/// <summary>
/// The datapath's side of the outer links: any datagram, any train, and what only an authentic peer can say, which is as
/// hostile as the rest. <see cref="DeviceJudge"/> says what must hold.
/// </summary>
/// <remarks>
/// The first octet: how unknown flows are answered. Then steps, each an octet and what it takes: 0 a datagram or train
/// (SA 1, segment size 2, length 2, octets); 1 an authentic packet (SA 1, sequence number from the next one on 1, length 2,
/// payload, padding and trailer); 2 a train of authentic packets that carry TCP segments or UDP datagrams which follow each
/// other (SA 1, next header 1, packets 1, lie about the segment size 2, length 2, payload); 3 a command (1); 4 time
/// (2, in milliseconds).
/// </remarks>
internal sealed class FromOutsideTarget : FuzzTarget
{
    // Not made before the first input, because instrumented code cannot run earlier; and anew after one that broke something.
    private StrippedDatapath? _host;
    private readonly byte[] _scratch = new byte[ushort.MaxValue];

    public override string Name => "datapath-outside";

    public override string About => "datagrams, trains and authentic ESP with anything inside, to a datapath whose cipher is taken out";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        var host = _host ?? new();
        _host = null;
        host.Begin();
        var steps = new Steps(input);
        host.Mood = steps.U8() % 3;
        while (steps.AreLeft)
        {
            switch (steps.U8() % 5)
            {
                case 0:
                    Anything(host, ref steps);
                    break;
                case 1:
                    Authentic(host, ref steps);
                    break;
                case 2:
                    AuthenticTrain(host, ref steps);
                    break;
                case 3:
                    host.Command(steps.U8());
                    break;
                case 4:
                    host.Pass(TimeSpan.FromMilliseconds(steps.U16()));
                    break;
            }
        }

        host.End(input.Length);
        _host = host;
    }

    private void Anything(StrippedDatapath host, ref Steps steps)
    {
        var sa = SaOf(host, steps.U8());
        var size = steps.U16();
        var octets = steps.Sized();
        octets.CopyTo(_scratch);
        Arrive(host, sa, octets.Length, size, trafficClass: 0);
    }

    private void Authentic(StrippedDatapath host, ref Steps steps)
    {
        var which = steps.U8();
        var sa = SaOf(host, which);
        var sequence = sa.Sequence + 1 + (ulong)(sbyte)steps.U8();
        var length = sa.Write(_scratch, sequence, steps.Sized());
        sa.Sequence = Math.Max(sa.Sequence, sequence > uint.MaxValue ? 0 : sequence);
        Arrive(host, sa, length, segmentSize: 0, MarkOf(which));
    }

    private void AuthenticTrain(StrippedDatapath host, ref Steps steps)
    {
        var which = steps.U8();
        var sa = SaOf(host, which);
        var next = (IpProtocol)steps.U8();
        var packets = 1 + (steps.U8() % 64);
        var lie = steps.U16();
        var payload = steps.Sized();
        var text = new byte[payload.Length + EspTrailer.LengthFor(payload.Length)];
        var size = StrippedSa.HeaderLength + text.Length + StrippedSa.IcvLength;
        var length = 0;
        for (var i = 0; i < packets && length + size <= _scratch.Length; i++)
        {
            payload.CopyTo(text);
            EspTrailer.Write(text.AsSpan(payload.Length), payload.Length, next);
            Follow(text.AsSpan(0, payload.Length), next, new AddressPair(sa.Here, sa.There), i);
            length += sa.Write(_scratch.AsSpan(length), ++sa.Sequence, text);
        }

        Arrive(host, sa, length, lie == 0 ? size : lie, MarkOf(which));
    }

    /// <summary>Makes a segment the one that follows so many others, with a right checksum.</summary>
    private static void Follow(Span<byte> upper, IpProtocol protocol, AddressPair between, int index)
    {
        if (protocol == IpProtocol.IpInIp && upper.Length >= Ipv4View.MinimumHeaderLength)
        {
            var inner = StrippedDatapath.Inner;
            new Ipv4Header(inner.Remote, inner.Local, (IpProtocol)upper[9], upper[8], upper[1], (ushort)((upper[4] << 8) + index), (upper[6] & 0x40) != 0).Write(upper, upper.Length - Ipv4View.MinimumHeaderLength);
            Follow(upper[Ipv4View.MinimumHeaderLength..], (IpProtocol)upper[9], inner, index);
            return;
        }

        var field = protocol == IpProtocol.Tcp ? 16 : 6;
        if (protocol is not (IpProtocol.Tcp or IpProtocol.Udp) || upper.Length < field + 2)
        {
            return;
        }

        if (TcpView.TryCreate(upper, out var tcp) && protocol == IpProtocol.Tcp)
        {
            BinaryPrimitives.WriteUInt32BigEndian(upper[4..], tcp.SequenceNumber + (uint)(index * tcp.Payload.Length));
        }

        BinaryPrimitives.WriteUInt16BigEndian(upper[field..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(upper[field..], InternetChecksum.OfUpperLayer(between.Remote, between.Local, protocol, upper));
    }

    /// <summary>What a router may have made of the outer header's two bits of ECN.</summary>
    private static byte MarkOf(byte which) => (byte)(which >> 6);

    /// <summary>The SA whose SPI a packet begins with.</summary>
    private static StrippedSa? SaNamedBy(StrippedDatapath host, ReadOnlySpan<byte> packet)
    {
        var spi = packet.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(packet);
        return host.Sas.FirstOrDefault(sa => sa.Direction == SaDirection.Inbound && sa.Spi == spi);
    }

    private static StrippedSa SaOf(StrippedDatapath host, byte which) => host.Sas.Where(sa => sa.Direction == SaDirection.Inbound).ElementAt(which % 4);

    private static void NoteArrived(StrippedDatapath host, StrippedSa sa, ReadOnlySpan<byte> packet)
    {
        if (packet.Length >= StrippedSa.HeaderLength + StrippedSa.IcvLength
            && EspTrailer.TryRead(packet[StrippedSa.HeaderLength..^StrippedSa.IcvLength], out var trailer))
        {
            var carried = packet.Slice(StrippedSa.HeaderLength, trailer.PayloadLength);
            host.HasFragments |= sa.Inner is not null && IpPacket.Read(carried, out _) == IpPacketKind.Fragment;
            var payload = sa.Essence(carried);
            host.Arrived[payload] = host.Arrived.GetValueOrDefault(payload) + 1;
        }
    }

    private void Arrive(StrippedDatapath host, StrippedSa sa, int length, int segmentSize, byte trafficClass)
    {
        var batch = host.Batch;
        batch.Clear();
        if (length == 0)
        {
            return;
        }

        ref var slot = ref batch[batch.Count++];
        (slot.Length, slot.SegmentSize, slot.Local, slot.Remote, slot.TrafficClass) = (length, segmentSize, sa.Local, sa.Remote, trafficClass);
        _scratch.AsSpan(0, length).CopyTo(batch.Data(0));
        var size = segmentSize > 0 ? segmentSize : length;
        for (var at = 0; at < length; at += size)
        {
            // A fuzzer may come upon what an authentic peer could say: an ICV is zeros.
            NoteArrived(host, SaNamedBy(host, _scratch.AsSpan(at, Math.Min(size, length - at))) ?? sa, _scratch.AsSpan(at, Math.Min(size, length - at)));
        }

        host.FromOutside(sa.Encapsulation);
    }
}
