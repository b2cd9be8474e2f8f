using Latchkey.Latching;

namespace Latchkey.Simulator;

/// <summary>After every step the datapath does what the latch database says (L36): no flow moves without its latch.</summary>
public sealed class DatapathAgreesWithLatches : Invariant
{
    public override string Name => "The datapath agrees with the latches";

    public override void Stepped(SimulatedDaemon daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        var latches = daemon.Engine.Latches();
        foreach (var latch in latches)
        {
            var channel = daemon.Datapath.ChannelOf(latch.Flow);
            if (latch.State == LatchState.Established && channel?.Value != latch.Channel)
            {
                Fail($"on {daemon.Host} {latch} is established, but its flow is bound to {channel?.ToString() ?? "nothing"}");
            }

            if (latch.State == LatchState.Broken && !daemon.Datapath.IsBlocked(latch.Flow))
            {
                Fail($"on {daemon.Host} {latch} is broken, but its flow is not blocked");
            }
        }

        foreach (var (flow, channel) in daemon.Datapath.BoundFlows)
        {
            if (!latches.Any(latch => latch.Flow == flow && latch.State == LatchState.Established && latch.Channel == channel.Value))
            {
                Fail($"on {daemon.Host} {flow} is bound to {channel} without an established latch");
            }
        }
    }
}
