using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>An INFORMATIONAL request with a Delete (RFC 7296 §1.4.1).</summary>
/// <param name="deleted">Called when the peer has answered.</param>
/// <param name="because">What the peer is told beside it, or null.</param>
internal sealed class DeleteRequest(DeletePayload delete, Action? deleted = null, NotifyPayload? because = null) : OutgoingRequest
{
    public override ExchangeType Exchange => ExchangeType.Informational;

    public override IReadOnlyList<IkePayload>? Build(Generation generation) => because is null ? [delete] : [because, delete];

    public override void HandleAnswer(Generation generation, PayloadSet answer) => deleted?.Invoke();
}
