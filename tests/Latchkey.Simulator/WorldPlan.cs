using System.Collections.Immutable;
using Latchkey.Engine;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>All that a run depends on, but for what is done to it while it runs.</summary>
public sealed record WorldPlan(ulong Seed, ImmutableArray<HostPlan> Hosts, NetworkQuality Network, EngineSettings Engine)
{
    /// <summary>The public address of a NAT, and the private ones behind it; null when there is none.</summary>
    public (InetAddress Address, ImmutableArray<InetAddress> Inside)? Nat { get; init; }
}
