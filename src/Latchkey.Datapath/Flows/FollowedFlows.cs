using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>The flows that no local socket has, each followed to its end. In both lanes.</summary>
/// <param name="ended">Told once of each that is over.</param>
internal sealed class FollowedFlows(Action<FlowKey, FlowEnd> ended)
{
    /// <summary>Nothing depends on noticing an end sooner.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly HashSet<Flow> _flows = [];
    private TimeSpan _lookAt;

    public void Follow(Flow flow, TimeSpan idle, TimeSpan now)
    {
        flow.Course ??= new(idle, now);
        flow.Course.Idle = idle;
        _flows.Add(flow);
    }

    public void Forget(Flow flow)
    {
        if (flow.Course is not null)
        {
            flow.Course = null;
            _flows.Remove(flow);
        }
    }

    public void Tick(TimeSpan now)
    {
        if (now < _lookAt)
        {
            return;
        }

        _lookAt = now + Interval;
        foreach (var flow in _flows)
        {
            if (flow.Course is { IsTold: false } course && course.End(flow.State == FlowState.Bound, now) is { } end)
            {
                course.IsTold = true;
                ended(flow.Key, end);
            }
        }
    }
}
