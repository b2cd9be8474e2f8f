using Latchkey.Contract;
using Latchkey.Datapath;
using Latchkey.Wire;

namespace Latchkey.Fuzz;

/// <summary>
/// A whole datapath whose cipher is taken out, so that all it sends can be read, and all it receives be made. Its links are
/// judges: they let nothing pass that must not. It is made once; <see cref="Begin"/> makes it new.
/// </summary>
internal sealed class StrippedDatapath : IDatapathEvents, IDisposable
{
    public static readonly InetAddress HereV4 = InetAddress.Parse("192.0.2.1");
    public static readonly InetAddress ThereV4 = InetAddress.Parse("192.0.2.2");
    public static readonly InetAddress HereV6 = InetAddress.Parse("2001:db8::1");
    public static readonly InetAddress ThereV6 = InetAddress.Parse("2001:db8::2");

    /// <summary>The addresses inside of the tunnel.</summary>
    public static readonly AddressPair Inner = new(InetAddress.Parse("10.1.0.1"), InetAddress.Parse("10.2.0.1"));

    private static readonly ChannelId TunnelChannel = new(4);

    /// <summary>What one input may allocate: pooled buffers of what is held, and the flows it invents.</summary>
    private const long AllocationMaximum = 8 * 1024 * 1024;

    private static readonly DatapathSettings Settings = new() { MaximumFlows = 64, HeldPacketsPerFlow = 4, HeldOctets = 1 << 20 };

    private readonly OuterJudge _outer;
    private readonly DeviceJudge _device;
    private readonly UserDatapath _datapath;
    private readonly List<FlowKey> _questions = [];
    private TimeSpan _now = TimeSpan.FromHours(1);
    private long _allocated;

    public StrippedDatapath()
    {
        _outer = new(this);
        _device = new(this);
        _datapath = new(_device, new(_outer, _outer, _outer, _outer), this, () => _now, Settings);
    }

    /// <summary>The SAs of both directions. The third pair is that of another peer at the same address, which holds no flow; the last one a tunnel.</summary>
    public IReadOnlyList<StrippedSa> Sas { get; } =
    [
        new(SaDirection.Inbound, 0x1001, new(1), HereV4, ThereV4, Encapsulation.Udp), new(SaDirection.Outbound, 0x2001, new(1), HereV4, ThereV4, Encapsulation.Udp),
        new(SaDirection.Inbound, 0x1002, new(2), HereV6, ThereV6, Encapsulation.Esp), new(SaDirection.Outbound, 0x2002, new(2), HereV6, ThereV6, Encapsulation.Esp),
        new(SaDirection.Inbound, 0x1003, new(3), HereV4, ThereV4, Encapsulation.Udp), new(SaDirection.Outbound, 0x2003, new(3), HereV4, ThereV4, Encapsulation.Udp),
        new(SaDirection.Inbound, 0x1004, TunnelChannel, HereV4, ThereV4, Encapsulation.Udp) { Inner = Inner }, new(SaDirection.Outbound, 0x2004, TunnelChannel, HereV4, ThereV4, Encapsulation.Udp) { Inner = Inner },
    ];

    /// <summary>What is given to the datapath next.</summary>
    public PacketBatch Batch { get; } = new(8, ushort.MaxValue);

    /// <summary>What an unknown flow is answered with: 0 nothing, 1 a channel, 2 a refusal.</summary>
    public int Mood { get; set; }

    /// <summary>The channel of each flow that is tied to one and stands.</summary>
    public Dictionary<FlowKey, ChannelId> Bound { get; } = [];

    /// <summary>Flows whose local sockets may be told something.</summary>
    public HashSet<FlowKey> Noticed { get; } = [];

    /// <summary>Payloads that came under an SA and that no socket was given yet.</summary>
    public Dictionary<string, int> Arrived { get; } = [];

    /// <summary>Fragments came out of the tunnel: what is put together of them did not arrive as it is delivered.</summary>
    public bool HasFragments { get; set; }

    /// <summary>Octets the judges allocated themselves, which do not count.</summary>
    public long AllocatedByJudges { get; set; }

    /// <summary>Forgets all that was, and ties six flows again.</summary>
    public void Begin()
    {
        Mood = 0;
        foreach (var flow in _datapath.Flows(int.MaxValue))
        {
            _datapath.Forget(flow.Flow);
        }

        Pass(TimeSpan.FromMinutes(5)); // fragments and held packets are given up
        PropertyBrokenException.Unless(_datapath.Flows(1).Count == 0, "what was forgotten is gone");
        Bound.Clear();
        Noticed.Clear();
        Arrived.Clear();
        HasFragments = false;
        _questions.Clear();
        foreach (var sa in Sas)
        {
            sa.Begin(_datapath);
        }

        foreach (var protocol in new[] { IpProtocol.Tcp, IpProtocol.Udp })
        {
            Bind(new(protocol, HereV4, 7000, ThereV4, 40_000), new(1));
            Bind(new(protocol, HereV6, 7000, ThereV6, 40_000), new(2));
            Bind(new(protocol, Inner.Local, 7000, Inner.Remote, 40_000), TunnelChannel);
        }

        (_allocated, AllocatedByJudges) = (0, 0);
    }

    /// <summary>What must hold when an input is used up.</summary>
    public void End(int inputOctets)
    {
        var allocated = _allocated - AllocatedByJudges;
        PropertyBrokenException.Unless(allocated <= AllocationMaximum, $"{inputOctets} octets of input make the datapath allocate {allocated}");
    }

    public void FromSockets()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        _datapath.ProcessOutbound(Batch);
        Answer();
        _allocated += GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>Nothing that arrives may make anything go out, unless a flow is decided about.</summary>
    public void FromOutside(Encapsulation encapsulation)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        _outer.Expects = false;
        _datapath.ProcessInbound(Batch, encapsulation);
        _outer.Expects = true;
        Answer();
        _allocated += GC.GetAllocatedBytesForCurrentThread() - before;
    }

    public void Pass(TimeSpan time)
    {
        _now += time;
        _datapath.Tick();
        Answer();
    }

    /// <summary>What an engine does to one of the flows there are.</summary>
    public void Command(byte which)
    {
        var flows = _datapath.Flows(16);
        if (flows.Count == 0)
        {
            return;
        }

        var flow = flows[(which >> 2) % flows.Count];
        switch (which % 4)
        {
            case 0:
                Block(flow.Flow);
                break;
            case 1 when flow.State == FlowState.Blocked:
                Noticed.Add(flow.Flow);
                _datapath.Notify(flow.Flow, flow.Flow.Protocol == IpProtocol.Tcp ? FlowNotice.Reset : FlowNotice.Unreachable);
                break;
            case 2:
                Bound.Remove(flow.Flow);
                Noticed.Remove(flow.Flow);
                _datapath.Forget(flow.Flow);
                break;
            case 3 when flow.State == FlowState.Unknown:
                Bind(flow.Flow, new((which >> 2) % 2 == 0 ? 1u : 3u));
                break;
        }
    }

    public void OutboundFlowUnknown(FlowKey flow, bool midway) => _questions.Add(flow);

    public void InboundFlowUnknown(FlowKey flow, ChannelId channel, uint spi, bool midway) => _questions.Add(flow);

    public void FlowEnded(FlowKey flow, FlowEnd end) => throw new PropertyBrokenException("no flow is followed");

    public void ClearFlowUnknown(FlowKey flow) => throw new PropertyBrokenException("no flow may go in clear");

    public void FlowOfAnother(FlowKey flow, ChannelId channel) =>
        PropertyBrokenException.Unless(!Bound.TryGetValue(flow, out var mine) || mine != channel, "a flow's own channel is not another's");

    public void SaMissing(FlowKey flow, ChannelId channel)
    {
    }

    public void UnknownSpi(uint spi, InetEndpoint local, InetEndpoint remote, Encapsulation encapsulation) =>
        PropertyBrokenException.Unless(spi != 0 && Sas.All(sa => sa.Direction == SaDirection.Outbound || sa.Spi != spi), "an SPI that is installed is known");

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

    public void Dispose()
    {
        _datapath.Dispose();
        _outer.Dispose();
        _device.Dispose();
    }

    private void Answer()
    {
        foreach (var flow in _questions.Distinct().Where(flow => !Bound.ContainsKey(flow)).ToArray())
        {
            if (Mood == 1)
            {
                Bind(flow, flow.Local == Inner.Local ? TunnelChannel : new(flow.Local.IsV6 ? 2u : 1u));
            }
            else if (Mood == 2)
            {
                Block(flow);
            }
        }

        _questions.Clear();
    }

    private void Bind(FlowKey flow, ChannelId channel)
    {
        Bound[flow] = channel;
        _datapath.Bind(flow, channel);
    }

    private void Block(FlowKey flow)
    {
        Bound.Remove(flow);
        _datapath.Block(flow, DropReason.LatchBroken);
    }
}
