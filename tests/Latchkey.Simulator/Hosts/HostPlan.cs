using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>A host before it is switched on.</summary>
/// <param name="Address">Its own; it may take others later.</param>
/// <param name="Identity">Number of its key; hosts with one number share one key.</param>
/// <param name="RunsLatchkey">False: a plain host, which neither knows IKE nor ESP.</param>
/// <param name="Policy">What its daemon is configured with.</param>
/// <param name="IsForeign">Its IKE is another implementation's: it knows neither birth certificates nor quick crash detection.</param>
public sealed record HostPlan(string Name, InetAddress Address, int Identity, bool RunsLatchkey, SecurityPolicy Policy, bool IsForeign = false);
