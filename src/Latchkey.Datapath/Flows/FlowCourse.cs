using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>
/// How far a flow has come that this host forwards. No socket tells of it, so that its packets must, as they do to a stateful
/// firewall.
/// </summary>
/// <remarks>Each lane writes what is its own, as in <see cref="TcpTrace"/>; the end is looked for in both lanes.</remarks>
internal sealed class FlowCourse(TimeSpan idle, TimeSpan now)
{
    /// <summary>A connection that is not established yet, or is closing, may be silent for so long (RFC 5382 REQ-5); so may one that was stopped.</summary>
    private static readonly TimeSpan Transitory = TimeSpan.FromMinutes(4);

    private bool _hasBegun;

    // Outbound lane: what the host behind this one did.
    private TimeSpan _sentAt = now;
    private bool _sentAck;
    private bool _sentFin;
    private bool _sentRst;

    // Inbound lane: what the host behind the peer did.
    private TimeSpan _deliveredAt = now;
    private bool _deliveredAck;
    private bool _deliveredFin;
    private bool _deliveredRst;

    public TimeSpan Idle { get; set; } = idle;

    /// <summary>The end was told.</summary>
    public bool IsTold { get; set; }

    /// <summary>A packet of the host behind this one. Outbound lane; with SYN, both lanes.</summary>
    /// <param name="segment">Of TCP; otherwise without meaning.</param>
    /// <param name="trace">As it was before this segment.</param>
    public void Sent(IpProtocol protocol, TcpView segment, in TcpTrace trace, TimeSpan now)
    {
        _sentAt = now;
        if (protocol == IpProtocol.Tcp)
        {
            Begin(segment.Flags);
            _sentAck |= (segment.Flags & TcpFlags.Ack) != 0;
            _sentFin |= (segment.Flags & TcpFlags.Fin) != 0;

            // It must be where its receiver looks for it (RFC 9293 §3.5.3): anybody else's changes nothing there.
            _sentRst |= (segment.Flags & TcpFlags.Rst) != 0 && (!trace.HasSendNext || segment.SequenceNumber == trace.SendNext);
        }
    }

    /// <summary>A packet for the host behind this one. Inbound lane; with SYN, both lanes.</summary>
    /// <param name="segment">Of TCP; otherwise without meaning.</param>
    /// <param name="trace">As it was before this segment.</param>
    public void Delivered(IpProtocol protocol, TcpView segment, in TcpTrace trace, TimeSpan now)
    {
        _deliveredAt = now;
        if (protocol == IpProtocol.Tcp)
        {
            Begin(segment.Flags);
            _deliveredAck |= (segment.Flags & TcpFlags.Ack) != 0;
            _deliveredFin |= (segment.Flags & TcpFlags.Fin) != 0;
            _deliveredRst |= (segment.Flags & TcpFlags.Rst) != 0 && (trace.IsConnecting
                ? segment.AcknowledgmentNumber == trace.SendNext
                : !trace.HasReceiveNext || segment.SequenceNumber == trace.ReceiveNext);
        }
    }

    /// <summary>Why the flow is over; null while it is not. In both lanes.</summary>
    /// <param name="moves">Its packets may move.</param>
    public FlowEnd? End(bool moves, TimeSpan now)
    {
        if (_sentRst || _deliveredRst)
        {
            return FlowEnd.Reset;
        }

        var isEstablished = !_hasBegun || (_sentAck && _deliveredAck);
        var mayBeSilent = moves && isEstablished && !_sentFin && !_deliveredFin ? Idle : Idle < Transitory ? Idle : Transitory;
        return now - (_sentAt > _deliveredAt ? _sentAt : _deliveredAt) < mayBeSilent ? null
            : _sentFin && _deliveredFin ? FlowEnd.Closed
            : FlowEnd.Idle;
    }

    /// <summary>A SYN begins another connection of the same addresses and ports.</summary>
    private void Begin(TcpFlags flags)
    {
        if ((flags & (TcpFlags.Syn | TcpFlags.Ack)) == TcpFlags.Syn)
        {
            _hasBegun = true;
            _sentAck = _sentFin = _sentRst = _deliveredAck = _deliveredFin = _deliveredRst = false;
        }
    }
}
