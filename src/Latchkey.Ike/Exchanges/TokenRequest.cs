using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// An INFORMATIONAL with our token for a rekeyed IKE SA: who began the rekey learns the second SPI only from its answer, and
/// has no other message left to say it in (RFC 6290 §4.3).
/// </summary>
internal sealed class TokenRequest(TokenMaker tokens) : OutgoingRequest
{
    public override ExchangeType Exchange => ExchangeType.Informational;

    public override IReadOnlyList<IkePayload>? Build(Generation generation) => [.. tokens.For(generation)];

    public override void HandleAnswer(Generation generation, PayloadSet answer)
    {
    }
}
