using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <content>What the datapath asks and tells.</content>
public sealed partial class LatchEngine
{
    /// <summary><see cref="IDatapathEvents.OutboundFlowUnknown"/></summary>
    /// <param name="wishes">What the flow's application asked for before it connected.</param>
    public void HandleOutboundFlow(TimeSpan now, FlowKey flow, FlowWishes? wishes = null, bool midway = false)
    {
        _flows.Outbound(now, flow, wishes ?? FlowWishes.None, midway);
        Settle(now);
    }

    /// <summary><see cref="IDatapathEvents.InboundFlowUnknown"/></summary>
    public void HandleInboundFlow(TimeSpan now, FlowKey flow, ChannelId channel, uint spi, bool midway = false)
    {
        _flows.Inbound(now, flow, channel, spi, midway);
        Settle(now);
    }

    /// <summary><see cref="IDatapathEvents.FlowEnded"/>: its latch is released (RFC 5660 L34).</summary>
    public void HandleFlowEnded(TimeSpan now, FlowKey flow, FlowEnd end)
    {
        if (_state.Latches.Find(flow) is { IsForwarded: true } latch)
        {
            _breaker.Release(now, latch, end switch
            {
                FlowEnd.Closed => "both ends have closed it",
                FlowEnd.Reset => "one end has reset it",
                _ => "nothing of it moved for long",
            });
            Settle(now);
        }
    }

    /// <summary><see cref="IDatapathEvents.ClearFlowUnknown"/></summary>
    public void HandleClearFlow(TimeSpan now, FlowKey flow)
    {
        _flows.Clear(now, flow);
        Settle(now);
    }

    /// <summary><see cref="IDatapathEvents.FlowOfAnother"/></summary>
    public void HandleFlowOfAnother(TimeSpan now, FlowKey flow, ChannelId channel)
    {
        _flows.OfAnother(now, flow, channel);
        Settle(now);
    }

    /// <summary><see cref="IDatapathEvents.SaMissing"/></summary>
    public void HandleSaMissing(TimeSpan now, FlowKey flow, ChannelId channel)
    {
        _flows.SaMissing(now, flow, channel);
        Settle(now);
    }

    /// <summary><see cref="IDatapathEvents.UnknownSpi"/>: the sender is told, in words it must not trust (RFC 7296 §1.5).</summary>
    public void HandleUnknownSpi(TimeSpan now, uint spi, InetEndpoint local, InetEndpoint remote)
    {
        if (_state.EntriesWithEnds(new AddressPair(local.Address, remote.Address)).Any())
        {
            _state.Ike.ComplainInvalidSpi(now, local, remote, spi);
            Settle(now);
        }
    }

    /// <summary><see cref="IDatapathEvents.Unanswered"/></summary>
    public void HandleUnanswered(TimeSpan now, ChannelId channel, TimeSpan silence)
    {
        if (_state.Channels.Find(channel.Value) is { } known)
        {
            _detection.Unanswered(now, known);
            Settle(now);
        }
    }

    /// <summary><see cref="IDatapathEvents.FirstInbound"/></summary>
    public void HandleFirstInbound(TimeSpan now, uint spi, ChannelId channel)
    {
        _sas.FirstInbound(spi);
        if (_state.FindChild(spi) is { } child && _state.Find(child.Sa) is { } peering)
        {
            peering.Heard(now);
        }
    }

    /// <summary><see cref="IDatapathEvents.SaWearingOut"/></summary>
    public void HandleSaWearingOut(TimeSpan now, SaDirection direction, uint spi, ChannelId channel)
    {
        var child = direction == SaDirection.Inbound
            ? _state.FindChild(spi)
            : _state.Peerings.Values.SelectMany(p => p.Children.Values).FirstOrDefault(c => c.OutboundSpi == spi && c.Channel.Id == channel.Value);
        if (child is not null)
        {
            _state.Ike.RekeyChild(now, child.Handle);
            Settle(now);
        }
    }
}
