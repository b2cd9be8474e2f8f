using Latchkey.Contract;

namespace Latchkey.Simulator;

/// <summary>What the simulated datapath knows about one flow.</summary>
internal sealed class FlowRecord
{
    private const int HeldMaximum = 16;

    /// <summary>The channel it is bound to; null while undecided or blocked.</summary>
    public ChannelId? Channel { get; private set; }

    /// <summary>Why it is blocked; null while it is not.</summary>
    public DropReason? Blocked { get; private set; }

    /// <summary>It goes in clear.</summary>
    public bool InClear { get; set; }

    /// <summary>Segments that came in clear and wait to be let go so.</summary>
    public Queue<Segment> HeldClear { get; } = new();

    /// <summary>Segments of the local socket that wait for Bind or for an SA.</summary>
    public Queue<Segment> HeldOut { get; } = new();

    /// <summary>Segments that were opened and wait for Bind, with the channel they came under.</summary>
    public Queue<(Segment Segment, ChannelId Channel)> HeldIn { get; } = new();

    /// <summary>When the engine was last asked; a question is repeated after a second (<see cref="IDatapathEvents"/>).</summary>
    public Dictionary<FlowQuestion, TimeSpan> Asked { get; } = [];

    public void Bind(ChannelId channel)
    {
        Channel = channel;
        Blocked = null;
        HeldClear.Clear();
        Asked.Clear();
    }

    public void Block(DropReason reason)
    {
        Channel = null;
        Blocked = reason;
        InClear = false;
        HeldClear.Clear();
        HeldOut.Clear();
        HeldIn.Clear();
        Asked.Clear();
    }

    public void Hold(Segment segment)
    {
        if (HeldOut.Count < HeldMaximum)
        {
            HeldOut.Enqueue(segment);
        }
    }

    public void HoldClear(Segment segment)
    {
        if (HeldClear.Count < HeldMaximum)
        {
            HeldClear.Enqueue(segment);
        }
    }

    public void Hold(Segment segment, ChannelId channel)
    {
        if (HeldIn.Count < HeldMaximum)
        {
            HeldIn.Enqueue((segment, channel));
        }
    }

    /// <summary>True when the question is to be asked now.</summary>
    public bool ShouldAsk(FlowQuestion question, TimeSpan now)
    {
        if (Asked.TryGetValue(question, out var last) && now - last < TimeSpan.FromSeconds(1))
        {
            return false;
        }

        Asked[question] = now;
        return true;
    }
}

internal enum FlowQuestion
{
    Outbound,
    Inbound,
    Clear,
    SaMissing,
    OfAnother,
}
