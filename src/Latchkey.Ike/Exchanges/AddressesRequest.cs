using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Tells the peer where else we are, when that has changed and nothing moves (RFC 4555 §3.6).</summary>
internal sealed class AddressesRequest(HostContext context, IkeSa sa) : OutgoingRequest
{
    public override ExchangeType Exchange => ExchangeType.Informational;

    public override IReadOnlyList<IkePayload>? Build(Generation generation) =>
        Mobility.IsNews(context, sa) ? [.. Mobility.Tell(context, sa, sa.Local, sa.Remote)] : null;

    public override void HandleAnswer(Generation generation, PayloadSet answer)
    {
    }
}
