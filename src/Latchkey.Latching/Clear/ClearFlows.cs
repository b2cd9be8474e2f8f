using System.Diagnostics.CodeAnalysis;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>The flows that go in clear, by 5-tuple and by host. Beside the latch database: a flow is in one of the two or in none.</summary>
public sealed class ClearFlows
{
    private readonly Dictionary<FlowKey, ClearFlow> _byFlow = [];
    private readonly Dictionary<InetAddress, int> _perHost = [];

    public int Count => _byFlow.Count;

    public IReadOnlyCollection<ClearFlow> All => _byFlow.Values;

    public IReadOnlyCollection<FlowKey> Flows => _byFlow.Keys;

    public bool Contains(FlowKey flow) => _byFlow.ContainsKey(flow);

    /// <summary>How many go in clear to and from a host.</summary>
    public int With(InetAddress host) => _perHost.GetValueOrDefault(host);

    public void Add(ClearFlow flow)
    {
        ArgumentNullException.ThrowIfNull(flow);
        _byFlow.Add(flow.Flow, flow);
        _perHost[flow.Flow.Remote] = With(flow.Flow.Remote) + 1;
    }

    public bool Remove(FlowKey flow, [NotNullWhen(true)] out ClearFlow? removed)
    {
        if (!_byFlow.Remove(flow, out removed))
        {
            return false;
        }

        if (With(flow.Remote) is > 1 and var count)
        {
            _perHost[flow.Remote] = count - 1;
        }
        else
        {
            _perHost.Remove(flow.Remote);
        }

        return true;
    }
}
