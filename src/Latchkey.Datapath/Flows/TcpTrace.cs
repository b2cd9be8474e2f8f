using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>What the packets of a connection tell about its local socket: enough to reset it exactly.</summary>
internal struct TcpTrace
{
    private bool _hasSendNext;

    /// <summary>SYN-SENT: a SYN went out and nothing was delivered since.</summary>
    public bool IsConnecting { get; private set; }

    /// <summary>Behind the last octet the local socket sent; in SYN-SENT that is ISS + 1.</summary>
    public uint SendNext { get; private set; }

    /// <summary>Whether <see cref="ReceiveNext"/> is known.</summary>
    public bool HasReceiveNext { get; private set; }

    /// <summary>The best guess of RCV.NXT: what the socket acknowledged, or was delivered in order since.</summary>
    public uint ReceiveNext { get; private set; }

    /// <summary>Learns from a segment of the local socket.</summary>
    /// <returns>Whether TCP expects an answer to it: data, SYN, FIN, or a probe below SND.NXT (RFC 9293 §3.8.4).</returns>
    public bool Sent(TcpView segment)
    {
        var end = segment.SequenceNumber + segment.SequenceLength;
        var isProbe = _hasSendNext && IsAfter(SendNext, segment.SequenceNumber);
        var expectsAnswer = (segment.Flags & TcpFlags.Rst) == 0 && (segment.SequenceLength > 0 || isProbe);
        var isSyn = (segment.Flags & TcpFlags.Syn) != 0;
        if (isSyn || !_hasSendNext || IsAfter(end, SendNext))
        {
            (_hasSendNext, SendNext) = (true, end);
        }

        if ((segment.Flags & TcpFlags.Ack) == 0)
        {
            IsConnecting = isSyn;
            HasReceiveNext &= !isSyn;
        }
        else if (isSyn || !HasReceiveNext || IsAfter(segment.AcknowledgmentNumber, ReceiveNext))
        {
            (IsConnecting, HasReceiveNext, ReceiveNext) = (false, true, segment.AcknowledgmentNumber);
        }

        return expectsAnswer;
    }

    /// <summary>Learns from a segment that the local socket is given.</summary>
    public void Delivered(TcpView segment)
    {
        var end = segment.SequenceNumber + segment.SequenceLength;
        var isSyn = (segment.Flags & TcpFlags.Syn) != 0;
        if (isSyn && !HasReceiveNext)
        {
            (IsConnecting, HasReceiveNext, ReceiveNext) = (false, true, segment.SequenceNumber + 1);
        }

        if (HasReceiveNext && !IsAfter(segment.SequenceNumber, ReceiveNext) && IsAfter(end, ReceiveNext))
        {
            ReceiveNext = end;
        }
    }

    // Sequence numbers are compared modulo 2^32 (RFC 9293 §3.4).
    private static bool IsAfter(uint a, uint b) => (int)(a - b) > 0;
}
