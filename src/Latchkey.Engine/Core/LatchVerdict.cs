using Latchkey.Latching;

namespace Latchkey.Engine;

/// <summary>What the policy in force says of a flow that is latched to a peer.</summary>
internal abstract record LatchVerdict
{
    private LatchVerdict()
    {
    }

    /// <summary>The entry covers the flow, and its peer may use it.</summary>
    public sealed record Agrees(ProtectEntry Entry) : LatchVerdict;

    /// <summary>The SPD bypasses the flow, or demands more than is latched.</summary>
    public sealed record Contradicts(string Reason) : LatchVerdict;

    /// <summary>The PAD does not let the peer's key speak for the peer's address.</summary>
    public sealed record PeerUnauthorized(string Reason) : LatchVerdict;
}
