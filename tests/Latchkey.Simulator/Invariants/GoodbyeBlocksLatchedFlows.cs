namespace Latchkey.Simulator;

/// <summary>Invariant 5: a daemon that stops leaves nothing that still moves.</summary>
public sealed class GoodbyeBlocksLatchedFlows : Invariant
{
    public override string Name => "A daemon that says goodbye leaves its flows blocked";

    public override void ShutDown(SimulatedDaemon daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        foreach (var (flow, _) in daemon.Datapath.BoundFlows)
        {
            Fail($"{daemon.Host} shut down, and {flow} is still bound");
        }
    }
}
