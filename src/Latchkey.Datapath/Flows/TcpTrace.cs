using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>What the packets of a connection tell about its local socket: enough to reset it exactly.</summary>
/// <remarks>
/// One half is written by the outbound lane and the other by the inbound lane, so that neither waits for the other. Only
/// segments with SYN change both halves, and they are handled in both lanes.
/// </remarks>
internal struct TcpTrace
{
    /// <summary>Marks a sequence number that is known; the number is in the low half, so that both are written at once.</summary>
    private const ulong Known = 1UL << 32;

    /// <summary>Marks what was sent when it is a SYN that is not answered yet.</summary>
    private const ulong Connecting = 1UL << 33;

    // Outbound: behind the last octet sent, and the highest acknowledgment.
    private ulong _sent;
    private ulong _acknowledged;

    // Inbound: behind what was delivered in order.
    private ulong _delivered;

    /// <summary>SYN-SENT: a SYN went out and nothing was delivered since.</summary>
    public bool IsConnecting
    {
        readonly get => (_sent & Connecting) != 0;
        private set => _sent = (_sent & ~Connecting) | (value ? Connecting : 0);
    }

    /// <summary>Whether <see cref="SendNext"/> is known.</summary>
    public readonly bool HasSendNext => (_sent & Known) != 0;

    /// <summary>Behind the last octet the local socket sent; in SYN-SENT that is ISS + 1.</summary>
    public readonly uint SendNext => (uint)_sent;

    /// <summary>Whether <see cref="ReceiveNext"/> is known.</summary>
    public readonly bool HasReceiveNext => Latest() != 0;

    /// <summary>The best guess of RCV.NXT: what the socket acknowledged, or was delivered in order since.</summary>
    public readonly uint ReceiveNext => (uint)Latest();

    /// <summary>Learns from a segment of the local socket. Outbound lane; with SYN, both lanes.</summary>
    /// <returns>Whether TCP expects an answer to it: data, SYN, FIN, or a probe below SND.NXT (RFC 9293 §3.8.4).</returns>
    public bool Sent(TcpView segment)
    {
        var end = segment.SequenceNumber + segment.SequenceLength;
        var isProbe = HasSendNext && IsAfter(SendNext, segment.SequenceNumber);
        var expectsAnswer = (segment.Flags & TcpFlags.Rst) == 0 && (segment.SequenceLength > 0 || isProbe);
        var isSyn = (segment.Flags & TcpFlags.Syn) != 0;
        if (isSyn || !HasSendNext || IsAfter(end, SendNext))
        {
            _sent = Known | end; // whether it is a SYN is said below
        }

        if (isSyn)
        {
            _delivered = 0;
        }

        if ((segment.Flags & TcpFlags.Ack) == 0)
        {
            IsConnecting = isSyn;
            _acknowledged = isSyn ? 0 : _acknowledged;
        }
        else if (isSyn || _acknowledged == 0 || IsAfter(segment.AcknowledgmentNumber, (uint)_acknowledged))
        {
            _acknowledged = Known | segment.AcknowledgmentNumber;
            IsConnecting = false;
        }

        return expectsAnswer;
    }

    /// <summary>Learns from a segment that the local socket is given. Inbound lane; with SYN, both lanes.</summary>
    public void Delivered(TcpView segment)
    {
        var end = segment.SequenceNumber + segment.SequenceLength;
        var isSyn = (segment.Flags & TcpFlags.Syn) != 0;
        var latest = Latest();
        if (isSyn && latest == 0)
        {
            IsConnecting = false;
            _delivered = latest = Known | (segment.SequenceNumber + 1);
        }

        if (latest != 0 && !IsAfter(segment.SequenceNumber, (uint)latest) && IsAfter(end, (uint)latest))
        {
            _delivered = Known | end;
        }
    }

    /// <summary>Fetches the last of it before it is needed.</summary>
    public readonly void Fetch() => Prefetch.Line(in _delivered);

    private readonly ulong Latest()
    {
        var acknowledged = Volatile.Read(in _acknowledged);
        var delivered = Volatile.Read(in _delivered);
        return acknowledged == 0 || (delivered != 0 && IsAfter((uint)delivered, (uint)acknowledged)) ? delivered : acknowledged;
    }

    // Sequence numbers are compared modulo 2^32 (RFC 9293 §3.4).
    private static bool IsAfter(uint a, uint b) => (int)(a - b) > 0;
}
