using Latchkey.Wire;

namespace Latchkey.Contract;

/// <summary>
/// What the engine tells a datapath. Every call has taken effect when it returns: after <see cref="Block"/> not one
/// further packet of the flow moves in either direction. Calls come from one thread at a time, in the engine's order.
/// </summary>
/// <remarks>
/// The rule that keeps latches: a packet moves only when its SA's channel is its flow's channel
/// (<c>sa.Channel == flow.Channel</c>), or in clear when its flow was let go in clear and never had a channel. A datapath
/// decides nothing else.
/// </remarks>
public interface IDatapath
{
    /// <summary>
    /// Installs an SA. Of several outbound SAs of a channel that cover a flow, the newest that covers nothing else is used, or
    /// else the newest.
    /// </summary>
    void Install(EspSa sa);

    /// <summary>Removes an SA. The channel is named because a peer chooses outbound SPIs, and two peers may choose the same.</summary>
    void Remove(SaDirection direction, ChannelId channel, uint spi);

    /// <summary>Sends what an outbound SA protects between other ends from now on; its keys, sequence numbers and flows are what they were.</summary>
    void Move(ChannelId channel, uint spi, InetEndpoint local, InetEndpoint remote, Encapsulation encapsulation);

    /// <summary>Ties a flow to a channel for life and moves the packets held for it.</summary>
    void Bind(FlowKey flow, ChannelId channel);

    /// <summary>Stops a flow in both directions and drops what is held for it; the socket is not told.</summary>
    void Block(FlowKey flow, DropReason reason);

    /// <summary>
    /// Lets a flow go in clear, and moves the packets held for it that came in clear or come from a local socket. A SYN of
    /// a local socket ends that and raises a question again: it begins another connection, or one that is not answered yet.
    /// </summary>
    void Clear(FlowKey flow);

    /// <summary>Forgets a flow; its next packet raises a question again.</summary>
    void Forget(FlowKey flow);

    /// <summary>
    /// The flow is one that this host forwards: no socket tells when it ends, so its packets must
    /// (<see cref="IDatapathEvents.FlowEnded"/>). Until <see cref="Forget"/>, whatever becomes of it meanwhile.
    /// </summary>
    /// <param name="idle">After that long without a packet it is over.</param>
    void Follow(FlowKey flow, TimeSpan idle);

    /// <summary>Tells the local socket of a blocked flow, or whoever has it behind this host. Needs <see cref="Block"/> before it.</summary>
    void Notify(FlowKey flow, FlowNotice notice);
}
