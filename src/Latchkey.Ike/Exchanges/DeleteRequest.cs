using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>An INFORMATIONAL request with a Delete (RFC 7296 §1.4.1).</summary>
/// <param name="deleted">Called when the peer has answered.</param>
internal sealed class DeleteRequest(DeletePayload delete, Action? deleted = null) : OutgoingRequest
{
    public override ExchangeType Exchange => ExchangeType.Informational;

    public override IReadOnlyList<IkePayload>? Build(Generation generation) => [delete];

    public override void HandleAnswer(Generation generation, PayloadSet answer) => deleted?.Invoke();
}
