using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Serves INFORMATIONAL requests: Delete, error reports, liveness checks (RFC 7296 §1.4), and moves (RFC 4555).</summary>
internal static class InformationalResponder
{
    public static void Serve(HostContext context, IkeSa sa, Generation generation, PayloadSet request)
    {
        if (sa.State != IkeSaState.Closed && request.Error is { Notify: NotifyType.AuthenticationFailed })
        {
            // RFC 7296 §2.21.2: an initiator that refuses us can only say so in an exchange of its own.
            generation.Respond();
            sa.CloseRefused(Farewell.Answered);
            return;
        }

        if (request.Deletes.Any(d => d.Protocol == IkeProtocol.Ike))
        {
            DeleteIke(sa, generation);
            return;
        }

        if (sa.State == IkeSaState.Closed)
        {
            // Nothing but the goodbye of a peer that deletes is answered: an answer would say that we are alive under this SA.
            return;
        }

        if (sa.MayLearnOfChildren && DeletedSpis(request).Any(spi => sa.FindChildByOutboundSpi(spi) is null))
        {
            generation.Responses.Postpone();
            return;
        }

        if (AuthLifetime.Read(request) is { } lifetime)
        {
            sa.Term.Tell(lifetime);
        }

        generation.PeerToken.Take(request);
        MoveResponder.Serve(context, sa, generation, request, DeleteChildren(sa, request));
    }

    private static void DeleteIke(IkeSa sa, Generation generation)
    {
        generation.Respond();
        if (generation == sa.Current && sa.RekeyUnderWay?.YieldToPeer() != true)
        {
            if (sa.Term.IsOverForPeer)
            {
                sa.Term.EndByPeer();
            }
            else
            {
                sa.Close(CloseReason.DeletedByPeer, "the peer deleted the IKE SA", Farewell.Answered);
            }
        }
        else if (generation != sa.Current)
        {
            generation.Retire(sayDelete: false);
        }
    }

    private static IEnumerable<uint> DeletedSpis(PayloadSet request) =>
        request.Deletes.Where(d => d.Protocol == IkeProtocol.Esp).SelectMany(d => d.Spis);

    private static List<IkePayload> DeleteChildren(IkeSa sa, PayloadSet request)
    {
        List<uint> ours = [];
        foreach (var spi in DeletedSpis(request))
        {
            if (sa.FindChildByOutboundSpi(spi) is not { } child)
            {
                continue;
            }

            // When both sides delete at once, each one's own request says it all (RFC 7296 §1.4.1).
            if (!child.IsBeingDeleted)
            {
                ours.Add(child.InboundSpi);
            }

            var (reason, text) = child.ReplacedByPeer is not null || child.IsBeingDeleted
                ? (CloseReason.Rekeyed, "another Child SA took its place")
                : (CloseReason.DeletedByPeer, "the peer deleted the Child SA");
            child.Close(reason, text);
        }

        return ours.Count == 0 ? [] : [DeletePayload.Esp([.. ours])];
    }
}
