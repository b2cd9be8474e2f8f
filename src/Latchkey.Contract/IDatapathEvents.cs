using Latchkey.Wire;

namespace Latchkey.Contract;

/// <summary>What a datapath tells the engine. Called from the datapath's threads; must return at once.</summary>
public interface IDatapathEvents
{
    /// <summary>
    /// A local packet belongs to no known flow. The packet is held (bounded) until Bind or Block; asked once per flow,
    /// and again when nothing was answered for a second and packets still come.
    /// </summary>
    /// <param name="midway">It is of a TCP connection that began before: it is no SYN.</param>
    void OutboundFlowUnknown(FlowKey flow, bool midway);

    /// <summary>As above for a packet that arrived under an SA of <paramref name="channel"/> whose selectors cover it.</summary>
    /// <param name="spi">The SA's own; which IKE SA made it is part of what the flow is latched to.</param>
    /// <param name="midway">As above.</param>
    void InboundFlowUnknown(FlowKey flow, ChannelId channel, uint spi, bool midway);

    /// <summary>A flow that is followed (<see cref="IDatapath.Follow"/>) is over; told once.</summary>
    void FlowEnded(FlowKey flow, FlowEnd end);

    /// <summary>
    /// A packet that begins a flow arrived in clear where clear may be allowed (<c>clear = "until-ipsec"</c>). It is held as
    /// above, until <see cref="IDatapath.Clear"/>; nothing else lets it move.
    /// </summary>
    void ClearFlowUnknown(FlowKey flow);

    /// <summary>
    /// A valid packet of a bound flow arrived under an SA of another channel and was dropped; told once a second at most.
    /// </summary>
    /// <param name="channel">The channel it came under.</param>
    void FlowOfAnother(FlowKey flow, ChannelId channel);

    /// <summary>A bound flow wants to send and its channel has no outbound SA that covers it; the packet is held.</summary>
    void SaMissing(FlowKey flow, ChannelId channel);

    /// <summary>A well-formed ESP packet named an SPI that is not installed.</summary>
    void UnknownSpi(uint spi, InetEndpoint local, InetEndpoint remote, Encapsulation encapsulation);

    /// <summary>Packets were sent under a channel and for <paramref name="silence"/> nothing valid came back; repeated while it lasts.</summary>
    void Unanswered(ChannelId channel, TimeSpan silence);

    /// <summary>The first valid packet arrived under this inbound SA.</summary>
    void FirstInbound(uint spi, ChannelId channel);

    /// <summary>An SA has used so much of its sequence space or volume that it must be replaced.</summary>
    void SaWearingOut(SaDirection direction, uint spi, ChannelId channel);

    /// <summary>
    /// A packet to <paramref name="remote"/> was dropped because the path takes less than was thought; the kernel knows
    /// how much. Local sockets must learn of it, or they go on sending what does not fit (RFC 4301 §8.2).
    /// </summary>
    void PathNarrowed(InetAddress remote);

    /// <summary>An IKE datagram arrived on port 4500; the non-ESP marker is already off. The octets are the caller's again afterwards.</summary>
    void IkeDatagram(InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message);
}
