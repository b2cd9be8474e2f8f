using Latchkey.Contract;

namespace Latchkey.Simulator;

/// <summary>Invariant 5: a daemon that stops leaves no SA under which anything could still leave.</summary>
public sealed class NothingLeavesAfterGoodbye : Invariant
{
    public override string Name => "Nothing leaves after a daemon said goodbye";

    public override void ShutDown(SimulatedDaemon daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        foreach (var sa in daemon.Datapath.Sas.Where(sa => sa.Direction == SaDirection.Outbound))
        {
            Fail($"{daemon.Host} shut down, and {sa} is still installed");
        }
    }
}
