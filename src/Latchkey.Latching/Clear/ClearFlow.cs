using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>A flow that goes in clear for as long as its socket lives (<c>clear = "until-ipsec"</c>). It has no latch and never gets one.</summary>
/// <param name="Entry">The protect entry that allows it.</param>
/// <param name="Since">When it was let go in clear.</param>
public sealed record ClearFlow(FlowKey Flow, ProtectEntry Entry, TimeSpan Since);
