using System.Security.Cryptography;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// Asks the peer, where it says it has moved to, for what only who receives there can repeat: nobody directs our traffic at
/// a host that did not ask for it (RFC 4555 §3.7). Until then ESP goes where it went.
/// </summary>
internal sealed class ReturnRoutabilityRequest(HostContext context, IkeSa sa) : OutgoingRequest
{
    private readonly (InetEndpoint, InetEndpoint) _ends = (sa.Local, sa.Remote);
    private byte[] _cookie = [];

    public override ExchangeType Exchange => ExchangeType.Informational;

    // When it has moved on, that move brings a question of its own.
    public override IReadOnlyList<IkePayload>? Build(Generation generation)
    {
        if (_ends != (sa.Local, sa.Remote))
        {
            return null;
        }

        _cookie = context.RandomOctets(16);
        return [new NotifyPayload(NotifyType.Cookie2, _cookie)];
    }

    public override void HandleAnswer(Generation generation, PayloadSet answer)
    {
        if (answer.Notify(NotifyType.Cookie2) is not { } notify || !CryptographicOperations.FixedTimeEquals(notify.Data, _cookie))
        {
            sa.Close(CloseReason.ProtocolError, "the peer did not repeat the cookie that was sent where it moved to", Farewell.Delete);
        }
        else if (_ends == (sa.Local, sa.Remote))
        {
            sa.ConcludeMove();
        }
    }
}
