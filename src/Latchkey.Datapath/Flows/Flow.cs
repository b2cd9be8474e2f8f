using System.Runtime.CompilerServices;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

public enum FlowState
{
    /// <summary>The engine was asked; packets are held.</summary>
    Unknown,

    /// <summary>Tied to a channel.</summary>
    Bound,

    /// <summary>Nothing moves.</summary>
    Blocked,

    /// <summary>Travels in clear; the kernel carries it.</summary>
    Clear,
}

/// <summary>One flow and what the engine said about it.</summary>
internal sealed class Flow(FlowKey key)
{
    private OutboundSa? _outbound;
    private int _generation;

    /// <summary>Last learnt state of the local TCP socket. A field, because it changes in place.</summary>
    public TcpTrace Tcp;

    public FlowKey Key => key;

    public FlowState State { get; set; }

    /// <summary>The channel the flow was tied to; kept when it is blocked afterwards.</summary>
    public Channel? Channel
    {
        get;
        set
        {
            // A channel that nothing referred to for a while is another object afterwards, and counts its generations anew.
            field = value;
            _outbound = null;
        }
    }

    /// <summary>Why nothing moves, when blocked.</summary>
    public DropReason BlockReason { get; set; }

    /// <summary>The engine was asked about the flow, and is not asked again before.</summary>
    public TimeSpan AskAgainAt { get; set; }

    /// <summary>The inbound SA whose selectors were last seen to cover the flow.</summary>
    public InboundSa? CoveredBy { get; set; }

    /// <summary>What waits for an answer, or null.</summary>
    public Queue<HeldPacket>? Held { get; set; }

    /// <summary>The telling of the local socket, when it was asked for.</summary>
    public Notice? Notice { get; set; }

    /// <summary>How far it has come, when no local socket has it; null: one has.</summary>
    public FlowCourse? Course { get; set; }

    /// <summary>The channel's newest SA that covers this flow; remembered until the channel's SAs change.</summary>
    public OutboundSa? Outbound
    {
        get
        {
            if (_outbound is null || _generation != Channel!.Generation)
            {
                _outbound = Channel!.Choose(key);
                _generation = Channel.Generation;
            }

            return _outbound;
        }
    }

    /// <summary>Fetches what every packet needs of the flow: it begins with the first of these fields, and none is further from the next than a cache line.</summary>
    /// <remarks>Inlined, because by itself it would look whether there is a flow at all: by reading it.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fetch()
    {
        Prefetch.Line(in _outbound);
        Prefetch.Line(in key);
        Tcp.Fetch();
    }

    /// <summary>Whether the engine is to be asked (again) at this time; remembers that it was.</summary>
    public bool MayAsk(TimeSpan now, TimeSpan interval)
    {
        if (now < AskAgainAt)
        {
            return false;
        }

        AskAgainAt = now + interval;
        return true;
    }
}
