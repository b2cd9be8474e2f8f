using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>A channel: its outbound SAs, the flows tied to it, and whether its peer still answers.</summary>
internal sealed class Channel(ChannelId id)
{
    private readonly List<OutboundSa> _outbound = [];

    public ChannelId Id => id;

    /// <summary>Changes whenever the outbound SAs do, so that a flow knows when its choice is stale.</summary>
    public int Generation { get; private set; }

    public int Flows { get; set; }

    public int InboundSas { get; set; }

    public Answers Answers { get; } = new();

    public bool IsUnused => Flows == 0 && InboundSas == 0 && _outbound.Count == 0;

    public IReadOnlyList<OutboundSa> Outbound => _outbound;

    public void Add(OutboundSa sa)
    {
        _outbound.Add(sa);
        Generation++;
    }

    /// <summary>Takes out the oldest SA with this SPI; null when there is none.</summary>
    public OutboundSa? Remove(uint spi)
    {
        var index = _outbound.FindIndex(sa => sa.Sa.Spi == spi);
        if (index < 0)
        {
            return null;
        }

        var removed = _outbound[index];
        _outbound.RemoveAt(index);
        Generation++;
        return removed;
    }

    /// <summary>The newest SA that covers a flow: one that covers nothing else, or else any.</summary>
    public OutboundSa? Choose(FlowKey flow) => Newest(flow, narrow: true) ?? Newest(flow, narrow: false);

    private OutboundSa? Newest(FlowKey flow, bool narrow)
    {
        for (var i = _outbound.Count - 1; i >= 0; i--)
        {
            var selectors = _outbound[i].Sa.Selectors;
            if (narrow ? selectors.SingleFlow == flow : selectors.Covers(flow))
            {
                return _outbound[i];
            }
        }

        return null;
    }
}
