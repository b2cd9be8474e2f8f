namespace Latchkey.Contract;

/// <summary>Why a packet was dropped. One member = one counter = one name in status, metrics and documents.</summary>
public enum DropReason
{
    /// <summary>The packet is malformed: a length or version field contradicts the bytes.</summary>
    Malformed,

    /// <summary>ESP with an SPI that is not installed.</summary>
    UnknownSpi,

    /// <summary>ESP whose integrity check failed.</summary>
    IntegrityFailed,

    /// <summary>ESP with a sequence number seen before, or older than the replay window (RFC 4303 §3.4.3).</summary>
    Replayed,

    /// <summary>The decrypted packet is not covered by its SA's selectors (RFC 4301 §5.2).</summary>
    SelectorMismatch,

    /// <summary>The packet's SA belongs to another channel than its flow is latched to (RFC 5660, L5).</summary>
    LatchMismatch,

    /// <summary>The flow's latch is BROKEN (RFC 5660, L36).</summary>
    LatchBroken,

    /// <summary>The flow's latch was closed.</summary>
    LatchClosed,

    /// <summary>No policy entry or no peer lets this flow exist.</summary>
    PolicyRefused,

    /// <summary>The channel could not be set up.</summary>
    NegotiationFailed,

    /// <summary>More packets waited for a decision than may.</summary>
    HoldQueueFull,

    /// <summary>A packet waited too long for a decision.</summary>
    HoldExpired,

    /// <summary>The flow table is full.</summary>
    FlowTableFull,

    /// <summary>An IP fragment could not be put together.</summary>
    FragmentIncomplete,

    /// <summary>The outer packet exceeds the path MTU; the local socket was told (RFC 4301 §8.2).</summary>
    PathMtuExceeded,

    /// <summary>The SA's sequence numbers are used up (RFC 4303 §3.3.3).</summary>
    SequenceExhausted,

    /// <summary>A protocol the datapath does not carry.</summary>
    UnsupportedProtocol,

    /// <summary>The kernel refused the packet.</summary>
    SendFailed,

    /// <summary>The buffer of an outer link was full, and stayed full for longer than the other links could be kept waiting.</summary>
    LinkFull,

    /// <summary>The TUN device's queue was full: local sockets sent more than was taken from it, as when the way out is full.</summary>
    DeviceQueueFull,

    /// <summary>The flow may not go in clear, or the kernel could not be told that it does.</summary>
    ClearRefused,

    /// <summary>The answer of a local socket to a notice of ours; swallowed so that it never reaches the wire.</summary>
    NoticeAnswer,

    /// <summary>The flow's latch could not be written into the journal.</summary>
    NotRecorded,

    /// <summary>
    /// A router marked a tunnel's packet "congestion experienced", and the sender of the inner packet understands no sign of
    /// congestion but a loss (RFC 6040 §4.2).
    /// </summary>
    CongestionNotUnderstood,

    /// <summary>As many flows that this host forwards are latched under the protect entry as may be.</summary>
    ForwardedFlowsFull,

    /// <summary>A TCP segment of a connection that this host forwards and has not seen begin: with whom it began is not known.</summary>
    BeginningNotSeen,
}
