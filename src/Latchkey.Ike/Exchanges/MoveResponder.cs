using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// Serves what an INFORMATIONAL request says of addresses (RFC 4555 §3.5 to §3.9). A move goes where the packet came from,
/// nowhere that a payload names; and only the end that began the IKE SA asks for one.
/// </summary>
internal static class MoveResponder
{
    /// <param name="rest">What else the answer says.</param>
    public static void Serve(HostContext context, IkeSa sa, Generation generation, PayloadSet request, IReadOnlyList<IkePayload> rest)
    {
        var (local, remote) = (generation.Responses.Local, generation.Responses.Remote);
        if (!sa.IsMobile)
        {
            generation.Respond(rest);
        }
        else if (!Mobility.IsWellFormed(request))
        {
            generation.Respond(new NotifyPayload(NotifyType.InvalidSyntax));
        }
        else if (Mobility.ForbidsNat(request, local, remote))
        {
            context.Emit(new MoveRefused(sa.Handle, local, remote, Asked: false, "the peer forbids NATs, and one changed the addresses of its packet on the way"));
            generation.Respond(new NotifyPayload(NotifyType.UnexpectedNatDetected));
        }
        else if (request.Has(NotifyType.UpdateSaAddresses) && Objection(context, sa, local, remote) is { } objection)
        {
            context.Emit(new MoveRefused(sa.Handle, local, remote, Asked: false, objection));
            generation.Respond([.. rest, new NotifyPayload(NotifyType.UnacceptableAddresses), .. request.Notifies(NotifyType.Cookie2)]);
        }
        else
        {
            var told = Mobility.ReadAdditional(request);
            sa.PeerAddresses = told ?? sa.PeerAddresses;
            generation.Respond([.. rest, .. Answer(sa, generation, request, local, remote)]);
            if (told is { } further && sa.Initiated && remote.Address != sa.Remote.Address)
            {
                // What it tells is beyond the address that it tells it from (§4.2), and perhaps the one where we look for it is dead.
                sa.PeerAddresses = [remote.Address, .. further.Where(address => address != remote.Address)];
                sa.Probe();
            }

            if (request.Has(NotifyType.UpdateSaAddresses))
            {
                sa.BeginMove(local, remote);
                sa.NoteNat(generation, request, local, remote);
                generation.Requests.Enqueue(new ReturnRoutabilityRequest(context, sa));
            }
        }
    }

    private static string? Objection(HostContext context, IkeSa sa, InetEndpoint local, InetEndpoint remote) =>
        sa.Initiated ? "the end that began the IKE SA decides where it goes (RFC 4555 §3.5), and the other asked"
        : sa.Children.Any(child => !child.Terms.Tunnel) ? "it carries Child SAs in transport mode, which are tied to their addresses"
        : context.Policy.ObjectionToMove(sa.Handle, local.Address, remote.Address);

    /// <summary>COOKIE2 is what it was (§3.7), and who asks about NATs is told.</summary>
    private static IEnumerable<IkePayload> Answer(IkeSa sa, Generation generation, PayloadSet request, InetEndpoint local, InetEndpoint remote) =>
    [
        .. request.Notifies(NotifyType.Cookie2),
        .. request.Has(NotifyType.NatDetectionSourceIp) ? sa.NatPayloads(generation, local, remote) : [],
    ];
}
