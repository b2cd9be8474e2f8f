using Latchkey.Wire;

namespace Latchkey.Simulator;

[Flags]
public enum SegmentFlags
{
    None = 0,
    Syn = 1,
    Ack = 2,
    Fin = 4,
    Rst = 8,
}

/// <summary>A TCP segment. Its octets are numbered, not stored: octet n of the sender's stream is octet n.</summary>
/// <param name="Flow">As the sender sees it.</param>
/// <param name="Sequence">Of the first octet; SYN and FIN take one number each (RFC 9293 §3.4).</param>
/// <param name="Length">Octets of payload.</param>
/// <param name="Sender">The truth about who wrote it, which no host may look at: the sending socket, or 0.</param>
public sealed record Segment(FlowKey Flow, SegmentFlags Flags, uint Sequence, uint Acknowledgment, int Length, long Sender)
{
    /// <summary>Damaged on the way in clear; the checksum does not match.</summary>
    public bool Damaged { get; init; }

    public bool Has(SegmentFlags flag) => (Flags & flag) != 0;

    /// <summary>SYN without ACK (RFC 9293 §3.5).</summary>
    public bool BeginsConnection => Has(SegmentFlags.Syn) && !Has(SegmentFlags.Ack);

    /// <summary>Sequence numbers it takes.</summary>
    public uint Span => (uint)Length + (Has(SegmentFlags.Syn) ? 1u : 0) + (Has(SegmentFlags.Fin) ? 1u : 0);

    public override string ToString() =>
        $"[{Flags}] {new InetEndpoint(Flow.Local, Flow.LocalPort)} -> {new InetEndpoint(Flow.Remote, Flow.RemotePort)}"
        + $" seq {Sequence} ack {Acknowledgment} len {Length} of socket {Sender}";
}
