using System.Collections.Immutable;
using Latchkey.Engine;

namespace Latchkey.Simulator;

/// <summary>All that a run depends on, but for what is done to it while it runs.</summary>
public sealed record WorldPlan(ulong Seed, ImmutableArray<HostPlan> Hosts, NetworkQuality Network, EngineSettings Engine);
