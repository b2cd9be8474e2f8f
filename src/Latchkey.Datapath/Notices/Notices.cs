using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>
/// Tells local sockets that their flow is at an end: TCP by a reset it must believe, others by "port unreachable".
/// </summary>
/// <remarks>
/// A socket believes only a RST whose sequence number is exactly its RCV.NXT (RFC 5961 §3.2). What it acknowledged and
/// was given since tells that number, or one in the window just past it; to the latter the socket answers with a
/// challenge ACK which names RCV.NXT, and the next RST is exact. That answer stays here, like all else the flow sends.
/// </remarks>
internal sealed class Notices(LocalDelivery local)
{
    /// <summary>Tries while the socket is silent: the first may meet a full queue or a spent challenge allowance.</summary>
    private const int SilentTries = 4;

    /// <summary>Longer than the half second for which Linux holds back further challenge ACKs of a socket.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(600);

    /// <summary>The same notice is not sent more often, however much the socket sends.</summary>
    private static readonly TimeSpan RepeatInterval = TimeSpan.FromMilliseconds(100);

    private readonly List<Flow> _active = [];

    public void Begin(Flow flow, TimeSpan now)
    {
        flow.Notice = new() { TriesLeft = SilentTries };
        _active.Add(flow);
        TryUnasked(flow, flow.Notice, now);
    }

    /// <summary>A blocked flow's socket sent a packet, which goes no further.</summary>
    /// <param name="segment">The TCP segment; ignored for other protocols.</param>
    /// <returns>Whether the packet is the answer to a notice.</returns>
    public bool HandleLocalPacket(Flow flow, TcpView segment, TimeSpan now)
    {
        if (flow.Notice is not { } notice)
        {
            return false;
        }

        if (flow.Key.Protocol != IpProtocol.Tcp)
        {
            if (MayRepeat(notice, now))
            {
                notice.LastSent = now;
                local.PortUnreachable(flow.Key);
            }

            return false;
        }

        if ((segment.Flags & TcpFlags.Rst) != 0)
        {
            // The socket has ended by itself.
            notice.TriesLeft = 0;
            return false;
        }

        if ((segment.Flags & TcpFlags.Ack) == 0)
        {
            if (flow.Tcp.IsConnecting && MayRepeat(notice, now))
            {
                RefuseConnection(flow, notice, now);
            }

            return false;
        }

        // The ACK field is RCV.NXT itself: the socket is silent from here on, or was not there any more.
        var isAnswer = notice.LastSent is not null && segment.SequenceLength == 0;
        if (notice.LastSequence != segment.AcknowledgmentNumber || MayRepeat(notice, now))
        {
            Reset(flow, notice, segment.AcknowledgmentNumber, now);
            notice.TriesLeft = 0;
        }

        return isAnswer;
    }

    public void Tick(TimeSpan now)
    {
        for (var i = _active.Count - 1; i >= 0; i--)
        {
            var flow = _active[i];
            if (flow.Notice is not { TriesLeft: > 0 } notice)
            {
                _active.RemoveAt(i);
            }
            else if (now >= notice.NextTry)
            {
                TryUnasked(flow, notice, now);
            }
        }
    }

    private static bool MayRepeat(Notice notice, TimeSpan now) =>
        notice.LastSent is not { } last || now - last >= RepeatInterval;

    private void TryUnasked(Flow flow, Notice notice, TimeSpan now)
    {
        notice.NextTry = now + RetryInterval;
        notice.TriesLeft--;
        if (flow.Key.Protocol != IpProtocol.Tcp)
        {
            notice.TriesLeft = 0;
            notice.LastSent = now;
            local.PortUnreachable(flow.Key);
        }
        else if (flow.Tcp.IsConnecting)
        {
            RefuseConnection(flow, notice, now);
        }
        else if (flow.Tcp.HasReceiveNext)
        {
            Reset(flow, notice, flow.Tcp.ReceiveNext, now);
        }
        else
        {
            AskForReceiveNext(flow, notice, now);
        }
    }

    private void Reset(Flow flow, Notice notice, uint sequence, TimeSpan now)
    {
        notice.LastSent = now;
        notice.LastSequence = sequence;
        local.Segment(flow.Key, sequence, acknowledgment: 0, TcpFlags.Rst);
    }

    // A connection older than this process, about which nothing is known. A SYN for a connection that stands is always
    // answered by a challenge ACK, whatever its number (RFC 5961 §4.2), even when the application is idle for ever.
    private void AskForReceiveNext(Flow flow, Notice notice, TimeSpan now)
    {
        notice.LastSent = now;
        local.Segment(flow.Key, sequence: 0, acknowledgment: 0, TcpFlags.Syn);
    }

    // In SYN-SENT a RST counts only when it acknowledges the SYN (RFC 9293 §3.10.7.3).
    private void RefuseConnection(Flow flow, Notice notice, TimeSpan now)
    {
        notice.LastSent = now;
        local.Segment(flow.Key, sequence: 0, flow.Tcp.SendNext, TcpFlags.Rst | TcpFlags.Ack);
    }
}
