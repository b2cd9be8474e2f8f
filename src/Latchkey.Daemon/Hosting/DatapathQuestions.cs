using Latchkey.Contract;
using Latchkey.Daemon.Control;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>Turns what the datapath's threads notice into messages for the engine; returns at once.</summary>
/// <param name="expected">What applications asked for before they connected.</param>
/// <param name="narrowed">Changes the routes of local sockets; may block, so it is not called on the datapath's threads.</param>
internal sealed class DatapathQuestions(EngineLoop loop, ISocketOwners sockets, ExpectedFlows expected, Action<InetAddress> narrowed, IkeDoor door) : IDatapathEvents
{
    public void OutboundFlowUnknown(FlowKey flow, bool midway)
    {
        if (expected.MayExpect(flow))
        {
            ThreadPool.QueueUserWorkItem(Expected, flow, preferLocal: false);
        }
        else
        {
            loop.PostQuestion((engine, now) => engine.HandleOutboundFlow(now, flow, midway: midway));
        }
    }

    public void InboundFlowUnknown(FlowKey flow, ChannelId channel, uint spi, bool midway) =>
        loop.PostQuestion((engine, now) => engine.HandleInboundFlow(now, flow, channel, spi, midway));

    public void FlowEnded(FlowKey flow, FlowEnd end) => loop.Post((engine, now) => engine.HandleFlowEnded(now, flow, end));

    public void ClearFlowUnknown(FlowKey flow) => loop.PostFromStranger((engine, now) => engine.HandleClearFlow(now, flow));

    public void FlowOfAnother(FlowKey flow, ChannelId channel) => loop.Post((engine, now) => engine.HandleFlowOfAnother(now, flow, channel));

    public void SaMissing(FlowKey flow, ChannelId channel) => loop.Post((engine, now) => engine.HandleSaMissing(now, flow, channel));

    public void UnknownSpi(uint spi, InetEndpoint local, InetEndpoint remote, Encapsulation encapsulation) =>
        loop.PostFromStranger((engine, now) => engine.HandleUnknownSpi(now, spi, local, remote));

    public void Unanswered(ChannelId channel, TimeSpan silence) => loop.Post((engine, now) => engine.HandleUnanswered(now, channel, silence));

    public void FirstInbound(uint spi, ChannelId channel) => loop.Post((engine, now) => engine.HandleFirstInbound(now, spi, channel));

    public void SaWearingOut(SaDirection direction, uint spi, ChannelId channel) =>
        loop.Post((engine, now) => engine.HandleSaWearingOut(now, direction, spi, channel));

    public void PathNarrowed(InetAddress remote) => ThreadPool.QueueUserWorkItem(narrowed, remote, preferLocal: false);

    /// <summary>Finds out whose the flow is before the engine is asked: what one user expects means nothing for another's connection.</summary>
    private void Expected(FlowKey flow)
    {
        var wishes = sockets.Of(flow) is { } socket ? expected.Find(socket.User, flow) : null;
        loop.Post((engine, now) => engine.HandleOutboundFlow(now, flow, wishes));
    }

    public void IkeDatagram(InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message) => door.Receive(local, remote, message);
}
