using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Bench.Datapath;

/// <summary>Nobody decides: every flow of a measurement is bound beforehand.</summary>
internal sealed class NoQuestions : IDatapathEvents
{
    public void OutboundFlowUnknown(FlowKey flow, bool midway)
    {
    }

    public void InboundFlowUnknown(FlowKey flow, ChannelId channel, uint spi, bool midway)
    {
    }

    public void FlowEnded(FlowKey flow, FlowEnd end)
    {
    }

    public void ClearFlowUnknown(FlowKey flow)
    {
    }

    public void FlowOfAnother(FlowKey flow, ChannelId channel)
    {
    }

    public void SaMissing(FlowKey flow, ChannelId channel)
    {
    }

    public void UnknownSpi(uint spi, InetEndpoint local, InetEndpoint remote, Encapsulation encapsulation)
    {
    }

    public void Unanswered(ChannelId channel, TimeSpan silence)
    {
    }

    public void FirstInbound(uint spi, ChannelId channel)
    {
    }

    public void SaWearingOut(SaDirection direction, uint spi, ChannelId channel)
    {
    }

    public void PathNarrowed(InetAddress remote)
    {
    }

    public void IkeDatagram(InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message)
    {
    }
}
