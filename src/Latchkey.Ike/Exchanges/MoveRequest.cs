using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// Our UPDATE_SA_ADDRESSES: the IKE SA goes between its new ends already, and what was under way is repeated there; its Child
/// SAs follow when the peer has answered (RFC 4555 §3.5).
/// </summary>
internal sealed class MoveRequest(HostContext context, IkeSa sa) : OutgoingRequest
{
    private readonly (InetEndpoint Local, InetEndpoint Remote) _ends = (sa.Local, sa.Remote);

    public override ExchangeType Exchange => ExchangeType.Informational;

    public override IReadOnlyList<IkePayload>? Build(Generation generation) =>
        IsOvertaken ? null : [Mobility.Update, .. sa.NatPayloads(generation, _ends.Local, _ends.Remote), .. Mobility.Tell(context, sa, _ends.Local, _ends.Remote)];

    public override void HandleAnswer(Generation generation, PayloadSet answer)
    {
        if (IsOvertaken)
        {
            return;
        }

        if (answer.Error is { } error)
        {
            context.Emit(new MoveRefused(sa.Handle, _ends.Local, _ends.Remote, Asked: true, $"the peer answered {RegistryName.Of(error.Notify)}"));
            return;
        }

        sa.NoteNat(generation, answer, _ends.Local, _ends.Remote);
        sa.ConcludeMove();
    }

    /// <summary>The SA moved on, and a request of its own says so.</summary>
    private bool IsOvertaken => _ends != (sa.Local, sa.Remote);
}
