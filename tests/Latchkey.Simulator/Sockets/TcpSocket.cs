using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// One end of a TCP connection, and the application that uses it: enough of RFC 9293 for retransmission with back-off,
/// orderly close, resets and challenge ACKs (RFC 5961) to behave as they do.
/// </summary>
/// <remarks>It receives in order only; what comes early is dropped and comes again.</remarks>
public sealed class TcpSocket
{
    private const int SegmentSize = 1000;
    private const uint Window = 8 * SegmentSize;
    private static readonly TimeSpan RetransmitInitial = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan FinTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RetransmitMaximum = TimeSpan.FromSeconds(8);

    private readonly SimulatedHost _host;
    private readonly uint _initialSend;
    private uint _initialReceive;
    private uint _receiveNext;
    private uint _unacknowledged;
    private uint _sendNext;
    private uint _sendHighest;
    private bool _finReceived;
    private TimeSpan _retransmitAfter = RetransmitInitial;
    private TimeSpan _progress;
    private PlannedEvent? _timer;

    internal TcpSocket(SimulatedHost host, FlowKey flow, long serial, uint initialSend)
    {
        _host = host;
        Flow = flow;
        Serial = serial;
        _initialSend = _unacknowledged = _sendNext = _sendHighest = initialSend;
        Born = _progress = host.Now;
    }

    private enum Phase
    {
        SynSent,
        SynReceived,
        Established,
        Dead,
    }

    public FlowKey Flow { get; }

    public SimulatedHost Host => _host;

    /// <summary>Names this socket in all the simulation; never used again.</summary>
    public long Serial { get; }

    /// <summary>The truth about the other end: the serial of the socket this connection was made with; 0 before.</summary>
    public long Peer { get; private set; }

    public TimeSpan Born { get; }

    /// <summary>When its application learned of the end.</summary>
    public TimeSpan? Ended { get; private set; }

    public SocketOutcome Outcome { get; private set; }

    public bool IsOpen => State != Phase.Dead;

    public bool IsEstablished => State == Phase.Established;

    public bool IsClosing { get; private set; }

    /// <summary>Octets the application wrote.</summary>
    public uint Written { get; private set; }

    /// <summary>Octets the application read.</summary>
    public uint Read { get; private set; }

    /// <summary>Gives up when nothing of what was sent is acknowledged for so long (tcp_retries2).</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(15);

    private Phase State { get; set; }

    private uint SendEnd => _initialSend + 1 + Written;

    public override string ToString() =>
        $"socket {Serial} on {_host}: {Flow} {State} {Outcome} written {Written} read {Read} peer {Peer}";

    /// <summary>The application writes.</summary>
    public void Write(uint octets)
    {
        if (IsOpen && !IsClosing)
        {
            Written += octets;
            Pump();
        }
    }

    /// <summary>The application closes its direction; the other direction is read to its end.</summary>
    public void Close()
    {
        if (State == Phase.SynSent)
        {
            End(SocketOutcome.Closed);
        }
        else if (IsOpen)
        {
            IsClosing = true;
            Pump();
        }
    }

    internal void BeginActive()
    {
        State = Phase.SynSent;
        Emit(SegmentFlags.Syn, _initialSend, 0);
        SentUpTo(_initialSend + 1);
        Arm();
    }

    internal void BeginPassive(Segment syn)
    {
        State = Phase.SynReceived;
        Peer = syn.Sender;
        _initialReceive = syn.Sequence;
        _receiveNext = syn.Sequence + 1;
        Emit(SegmentFlags.Syn | SegmentFlags.Ack, _initialSend, 0);
        SentUpTo(_initialSend + 1);
        Arm();
    }

    internal void Arrive(Segment segment)
    {
        if (State == Phase.SynSent)
        {
            ArriveInSynSent(segment);
        }
        else if (segment.Has(SegmentFlags.Rst))
        {
            ArriveReset(segment);
        }
        else if (segment.Has(SegmentFlags.Syn))
        {
            // Our SYN-ACK again for the same SYN; for anything else a challenge (RFC 5961 §4).
            var again = State == Phase.SynReceived && segment.Sequence == _initialReceive;
            Emit(again ? SegmentFlags.Syn | SegmentFlags.Ack : SegmentFlags.Ack, again ? _initialSend : _sendNext, 0);
        }
        else if (AcceptAcknowledgment(segment))
        {
            AcceptPayload(segment);
        }
    }

    /// <summary>A notice of the datapath.</summary>
    internal void Notice(FlowNotice notice) =>
        End(State == Phase.SynSent || notice == FlowNotice.Unreachable ? SocketOutcome.Refused : SocketOutcome.Reset);

    internal void End(SocketOutcome outcome)
    {
        if (IsOpen)
        {
            _timer?.Cancel();
            State = Phase.Dead;
            Outcome = outcome;
            Ended = _host.Now;
            _host.World.Trace.Add(_host.Name, $"socket {Serial} ends: {outcome}");
            _host.Sockets.Gone(this);
        }
    }

    private void ArriveInSynSent(Segment segment)
    {
        var acknowledgesSyn = segment.Has(SegmentFlags.Ack) && segment.Acknowledgment == _initialSend + 1;
        if (segment.Has(SegmentFlags.Rst))
        {
            if (acknowledgesSyn)
            {
                End(SocketOutcome.Refused);
            }
        }
        else if (!acknowledgesSyn)
        {
            _host.Sockets.Refuse(segment);
        }
        else if (segment.Has(SegmentFlags.Syn))
        {
            State = Phase.Established;
            Peer = segment.Sender;
            _initialReceive = segment.Sequence;
            _receiveNext = segment.Sequence + 1;
            Progress(segment.Acknowledgment);
            Emit(SegmentFlags.Ack, _sendNext, 0);
            Pump();
        }
    }

    private void ArriveReset(Segment segment)
    {
        if (segment.Sequence == _receiveNext)
        {
            End(SocketOutcome.Reset);
        }
        else if (segment.Sequence - _receiveNext < Window)
        {
            Emit(SegmentFlags.Ack, _sendNext, 0);
        }
    }

    private bool AcceptAcknowledgment(Segment segment)
    {
        var advance = segment.Acknowledgment - _unacknowledged;
        var old = advance >= 1u << 31 && State != Phase.SynReceived;
        if (!segment.Has(SegmentFlags.Ack) || (advance > _sendHighest - _unacknowledged && !old))
        {
            if (State == Phase.SynReceived)
            {
                // Somebody still has an older connection of this name (RFC 9293 §3.10.7.4).
                _host.Sockets.Refuse(segment);
            }
            else
            {
                Emit(SegmentFlags.Ack, _sendNext, 0);
            }

            return false;
        }

        if (advance is > 0 and < 1u << 31)
        {
            State = Phase.Established;
            Progress(segment.Acknowledgment);
            Pump();
        }

        return true;
    }

    private void AcceptPayload(Segment segment)
    {
        if (segment.Span == 0)
        {
            EndWhenDone();
            return;
        }

        if (segment.Sequence == _receiveNext && !_finReceived)
        {
            _host.World.Watch(invariant => invariant.Delivered(this, segment));
            Read += (uint)segment.Length;
            _receiveNext += segment.Span;
            _finReceived = segment.Has(SegmentFlags.Fin);
        }

        Emit(SegmentFlags.Ack, _sendNext, 0);
        if (_finReceived)
        {
            // The application reads the end of the stream and closes as well.
            IsClosing = true;
            Pump();
        }

        EndWhenDone();
    }

    private void EndWhenDone()
    {
        if (!IsClosing || _unacknowledged != SendEnd + 1)
        {
            return;
        }

        if (_finReceived)
        {
            End(SocketOutcome.Closed);
        }
        else if (_timer is null)
        {
            // FIN-WAIT-2 with no application behind it.
            _timer = _host.World.Events.After(FinTimeout, () => End(SocketOutcome.Closed));
        }
    }

    private void Progress(uint acknowledged)
    {
        _unacknowledged = acknowledged;
        if ((int)(_sendNext - acknowledged) < 0)
        {
            _sendNext = acknowledged;
        }

        _progress = _host.Now;
        _retransmitAfter = RetransmitInitial;
        _timer?.Cancel();
        _timer = null;
    }

    private void Pump()
    {
        if (State != Phase.Established)
        {
            return;
        }

        while ((int)(SendEnd - _sendNext) > 0 && _sendNext - _unacknowledged < Window)
        {
            var length = Math.Min(SendEnd - _sendNext, SegmentSize);
            Emit(SegmentFlags.Ack, _sendNext, (int)length);
            SentUpTo(_sendNext + length);
        }

        if (IsClosing && _sendNext == SendEnd)
        {
            Emit(SegmentFlags.Ack | SegmentFlags.Fin, _sendNext, 0);
            SentUpTo(_sendNext + 1);
        }

        Arm();
    }

    // Going back lowers what is sent next; what was sent once may be acknowledged all the same.
    private void SentUpTo(uint sequence)
    {
        _sendNext = sequence;
        if ((int)(sequence - _sendHighest) > 0)
        {
            _sendHighest = sequence;
        }
    }

    private void Arm()
    {
        if (_unacknowledged != _sendNext && (_timer is null || _timer.IsCancelled))
        {
            _timer = _host.World.Events.After(_retransmitAfter, Retransmit);
        }
    }

    private void Retransmit()
    {
        if (_host.Now - _progress > Patience)
        {
            End(SocketOutcome.TimedOut);
            return;
        }

        _retransmitAfter = _retransmitAfter * 2 < RetransmitMaximum ? _retransmitAfter * 2 : RetransmitMaximum;
        switch (State)
        {
            case Phase.SynSent:
                Emit(SegmentFlags.Syn, _initialSend, 0);
                break;
            case Phase.SynReceived:
                Emit(SegmentFlags.Syn | SegmentFlags.Ack, _initialSend, 0);
                break;
            default:
                // Go back to the first octet not acknowledged.
                _sendNext = _unacknowledged;
                Pump();
                return;
        }

        Arm();
    }

    private void Emit(SegmentFlags flags, uint sequence, int length) =>
        _host.Transmit(new Segment(Flow, flags, sequence, flags.HasFlag(SegmentFlags.Ack) ? _receiveNext : 0, length, Serial));
}
