using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <content>From the outer links to the TUN device.</content>
public sealed partial class UserDatapath
{
    /// <summary>Four zero octets, where an SPI would stand, mark an IKE message (RFC 3948 §2.2).</summary>
    private const int NonEspMarkerLength = 4;

    /// <summary>Checks, decrypts and delivers what came from an outer link; the batch is used up.</summary>
    /// <param name="encapsulation">What the packets are: payloads of UDP port 4500, or of protocol 50.</param>
    public void ProcessInbound(PacketBatch batch, Encapsulation encapsulation)
    {
        ArgumentNullException.ThrowIfNull(batch);
        lock (_lock)
        {
            var now = _clock();
            for (var i = 0; i < batch.Count; i++)
            {
                if (batch[i].Length != 0 && !(encapsulation == Encapsulation.Udp && TakeNonEsp(batch, i)))
                {
                    Inbound(batch, i, encapsulation, now);
                }
            }

            _tun.Send(batch);
            for (var i = 0; i < batch.Count; i++)
            {
                if (batch[i].Length != 0 && batch[i].SendResult != 0)
                {
                    _drops.Count(DropReason.SendFailed);
                }
            }

            Flush();
        }
    }

    /// <summary>Takes IKE messages and NAT keepalives out of the batch.</summary>
    private bool TakeNonEsp(PacketBatch batch, int index)
    {
        ref var slot = ref batch[index];
        var data = batch.Data(index);
        if (data.Length == 1 && data[0] == 0xFF)
        {
            slot.Length = 0; // a keepalive wants nothing (RFC 3948 §2.3)
            return true;
        }

        if (data.Length > NonEspMarkerLength && !data[..NonEspMarkerLength].ContainsAnyExcept((byte)0))
        {
            _events.IkeDatagram(slot.Local, slot.Remote, data[NonEspMarkerLength..].ToArray());
            slot.Length = 0;
            return true;
        }

        return false;
    }

    private void Inbound(PacketBatch batch, int index, Encapsulation encapsulation, TimeSpan now)
    {
        ref var slot = ref batch[index];
        if (!EspView.TryCreate(batch.Data(index), out var esp) || slot.Local.Address.IsV4 != slot.Remote.Address.IsV4)
        {
            Drop(batch, index, DropReason.Malformed);
            return;
        }

        if (!_sas.TryFindInbound(esp.Spi, out var sa))
        {
            if (_unknownSpis.MayReport(slot.Remote.Address, now))
            {
                _events.UnknownSpi(esp.Spi, slot.Local, slot.Remote, encapsulation);
            }

            Drop(batch, index, DropReason.UnknownSpi);
            return;
        }

        if (sa.Open(batch.Data(index), out var payload, out var nextHeader) is { } reason)
        {
            Drop(batch, index, reason);
            return;
        }

        NoteValid(sa);
        if (nextHeader == IpProtocol.NoNext)
        {
            slot.Length = 0; // a dummy packet, made to be thrown away (RFC 4303 §2.6)
            return;
        }

        WriteIpHeader(batch, index, payload, nextHeader);
        if (IpPacket.Read(batch.Data(index), out var packet) != IpPacketKind.Whole || !IsTransport(packet))
        {
            Drop(batch, index, DropReason.UnsupportedProtocol);
            return;
        }

        if (sa.Sa.Translated)
        {
            UpperChecksum.Renew(batch.Data(index), packet);
        }

        Deliver(batch, index, sa, packet, now);
    }

    // What the integrity check has passed proves that the peer lives, wherever it may go from here.
    private void NoteValid(InboundSa sa)
    {
        _sas.Find(sa.Sa.Channel)?.Answers.Clear();
        if (sa.Traffic.Packets == 1)
        {
            _events.FirstInbound(sa.Sa.Spi, sa.Sa.Channel);
        }

        ReportWear(SaDirection.Inbound, sa.Sa, sa.Traffic, sa.Window.Highest);
    }

    /// <summary>An upper layer, possibly behind destination options; not a tunnel, and nothing that belongs before ESP.</summary>
    private static bool IsTransport(in IpPacket packet) =>
        packet.Protocol is not (IpProtocol.IpInIp or IpProtocol.Ipv6)
        && packet.ProtectedOffset == (packet.IsV6 ? Ipv6View.HeaderLength : Ipv4View.MinimumHeaderLength);

    /// <summary>Puts the IP header of the original packet back before its payload: in transport mode the addresses are the outer ones.</summary>
    private static void WriteIpHeader(PacketBatch batch, int index, Range payload, IpProtocol protocol)
    {
        ref var slot = ref batch[index];
        var (start, length) = payload.GetOffsetAndLength(slot.Length);
        var isV6 = slot.Remote.Address.IsV6;
        var header = isV6 ? Ipv6View.HeaderLength : Ipv4View.MinimumHeaderLength;
        slot.Offset += start - header;
        slot.Length = header + length;
        if (isV6)
        {
            new Ipv6Header(slot.Remote.Address, slot.Local.Address, protocol).Write(batch.Data(index), length);
        }
        else
        {
            new Ipv4Header(slot.Remote.Address, slot.Local.Address, protocol).Write(batch.Data(index), length);
        }
    }

    private void Deliver(PacketBatch batch, int index, InboundSa sa, in IpPacket packet, TimeSpan now)
    {
        var key = packet.InboundFlow;
        var flow = _flows.Find(key);
        if ((flow is null || !ReferenceEquals(flow.CoveredBy, sa)) && !sa.Sa.Selectors.Covers(key))
        {
            Drop(batch, index, DropReason.SelectorMismatch);
            return;
        }

        flow ??= FindOrAdd(key);
        if (flow is null)
        {
            Drop(batch, index, DropReason.FlowTableFull);
            return;
        }

        flow.CoveredBy = sa;
        if (flow.State == FlowState.Unknown)
        {
            _holds.Hold(flow, batch.Data(index), sa, mayFragment: false, now);
            batch[index].Length = 0;
            if (flow.MayAsk(now, _settings.QuestionInterval))
            {
                _events.InboundFlowUnknown(key, sa.Sa.Channel, sa.Sa.Spi);
            }
        }
        else if (WhyNot(flow, sa) is { } reason)
        {
            if (reason == DropReason.LatchMismatch && flow.MayAsk(now, _settings.QuestionInterval))
            {
                _events.FlowOfAnother(key, sa.Sa.Channel);
            }

            Drop(batch, index, reason);
        }
        else if (TryNoteDelivery(flow, sa, batch.Data(index), packet, now))
        {
            _received.Count(packet.Length);
        }
        else
        {
            Drop(batch, index, DropReason.Malformed);
        }
    }

    /// <summary>The rule that keeps latches.</summary>
    private static DropReason? WhyNot(Flow flow, InboundSa sa) =>
        flow.State == FlowState.Blocked ? flow.BlockReason
        : flow.Channel?.Id != sa.Sa.Channel ? DropReason.LatchMismatch
        : null;

    /// <summary>Learns from a packet that the local socket is about to be given; false when TCP's header is malformed.</summary>
    private bool TryNoteDelivery(Flow flow, InboundSa sa, Span<byte> octets, in IpPacket packet, TimeSpan now)
    {
        if (packet.Protocol != IpProtocol.Tcp)
        {
            return true;
        }

        var upper = octets[packet.UpperOffset..];
        if (!TcpView.TryCreate(upper, out var segment))
        {
            return false;
        }

        flow.Tcp.Delivered(segment);
        ClampSegmentSize(upper, sa.Sa, packet.IsV6, now);
        return true;
    }

    private void ReleaseInbound(Flow flow, InboundSa sa, Span<byte> octets, TimeSpan now)
    {
        IpPacket.Read(octets, out var packet);
        if (WhyNot(flow, sa) is { } reason)
        {
            _drops.Count(reason);
        }
        else if (TryNoteDelivery(flow, sa, octets, packet, now))
        {
            _received.Count(packet.Length);
            _local.Deliver(octets);
        }
        else
        {
            _drops.Count(DropReason.Malformed);
        }
    }
}
