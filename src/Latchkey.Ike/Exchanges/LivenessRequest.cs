using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>An empty INFORMATIONAL request: only its answer matters (RFC 7296 §1.4).</summary>
internal sealed class LivenessRequest : OutgoingRequest
{
    public override ExchangeType Exchange => ExchangeType.Informational;

    public override IReadOnlyList<IkePayload>? Build(Generation generation) => [];

    public override void HandleAnswer(Generation generation, PayloadSet answer)
    {
    }
}
