using System.Buffers.Binary;
using System.Collections.Immutable;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Takes each datagram to whom it concerns, or drops and counts it.</summary>
internal sealed class DatagramRouter(HostContext context)
{
    private readonly InitResponder _initResponder = new(context);
    private readonly CrashDetector _crashes = new(context);
    private readonly AnswerBudget _budget = new();

    // Ten complaints a second to one address help a lost peer, and amplify nothing.
    private readonly RateLimiter _complaints = new(TimeSpan.FromMilliseconds(100));

    // The complaint about ESP leads to a probe, and that must not find the limit used up: a whole train of probes, 15 ms
    // apart, is answered.
    private readonly RateLimiter _answers = new(TimeSpan.FromMilliseconds(10));

    public void Route(InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length > IkeLimits.Message)
        {
            context.Drop(IkeDropReason.Oversized);
        }
        else if (!IkeHeader.TryRead(datagram, out var header))
        {
            context.Drop(IkeDropReason.Malformed);
        }
        else
        {
            NoteAnswer(local, remote, header);
            Route(local, remote, header, datagram);
        }
    }

    /// <summary>RFC 7296 §1.5: outside any IKE SA; SPIs of no meaning, Initiator flag set, a request that wants no answer.</summary>
    public void ComplainInvalidSpi(InetEndpoint local, InetEndpoint remote, uint spi)
    {
        if (_complaints.TryTake(context.Now, remote.Address))
        {
            context.Send(local, remote, new IkeMessage(
                IkeHeader.ForRequest(0, 0, ExchangeType.Informational, fromInitiator: true, messageId: 0),
                [new NotifyPayload(NotifyType.InvalidSpi, ChildPayloads.SpiOctets(spi))]));
        }
    }

    private void Route(InetEndpoint local, InetEndpoint remote, IkeHeader header, ReadOnlySpan<byte> datagram)
    {
        if (header.MajorVersion != 2)
        {
            context.Drop(IkeDropReason.UnsupportedVersion);
            if (header.MajorVersion > 2 && !header.IsResponse)
            {
                Complain(local, remote, header, [new NotifyPayload(NotifyType.InvalidMajorVersion)]);
            }
        }
        else if (!IkeMessage.TryRead(datagram, out var message, out _))
        {
            context.Drop(IkeDropReason.Malformed);
        }
        else if (message.Encrypted is null)
        {
            RouteClear(local, remote, message, datagram);
        }
        else
        {
            RouteProtected(local, remote, message, datagram);
        }
    }

    private void RouteClear(InetEndpoint local, InetEndpoint remote, IkeMessage message, ReadOnlySpan<byte> datagram)
    {
        if (message.Header.Exchange == ExchangeType.IkeSaInit)
        {
            if (!message.Header.IsResponse)
            {
                _initResponder.Serve(local, remote, message, datagram);
            }
            else if (context.Table.TryFind(message.Header.SpiI, out InitInitiator? exchange))
            {
                exchange.HandleResponse(local, remote, message, datagram);
            }
            else
            {
                context.Drop(IkeDropReason.UnexpectedResponse);
            }

            return;
        }

        var payloads = new PayloadSet(message.Payloads);
        var generation = FindGeneration(message.Header);
        var offersProof = generation is not null && _crashes.Concerns(generation, payloads);
        if (offersProof && _crashes.TryProve(remote, generation!, payloads))
        {
            return;
        }

        if (payloads.Notify(NotifyType.InvalidSpi) is { Data.Length: 4 } invalidSpi)
        {
            context.Emit(new HintReceived(IkeHint.InvalidSpi, local, remote, BinaryPrimitives.ReadUInt32BigEndian(invalidSpi.Data)));
        }
        else if (payloads.Has(NotifyType.InvalidIkeSpi) && generation is not null
            && generation.Sa.Remote.Address == remote.Address && generation.Sa.State != IkeSaState.Closed)
        {
            // It repeats SPIs that only we, the peer and the path between know; it is still no proof.
            context.Emit(new HintReceived(IkeHint.InvalidIkeSpi, local, remote, 0));
        }
        else if (!offersProof)
        {
            context.Drop(IkeDropReason.UnexpectedExchange);
        }
    }

    private void RouteProtected(InetEndpoint local, InetEndpoint remote, IkeMessage message, ReadOnlySpan<byte> datagram)
    {
        if (message.Header.Exchange == ExchangeType.IkeSaInit)
        {
            context.Drop(IkeDropReason.UnexpectedExchange);
        }
        else if (FindGeneration(message.Header) is { } generation)
        {
            generation.Receive(local, remote, message, datagram);
        }
        else
        {
            context.Drop(IkeDropReason.UnknownIkeSa);
            if (!message.Header.IsResponse)
            {
                AnswerUnknownSa(local, remote, message.Header);
            }
        }
    }

    /// <summary>Even what cannot be read as an answer shows that somebody speaks IKE, if it is not our own request thrown back.</summary>
    private void NoteAnswer(InetEndpoint local, InetEndpoint remote, IkeHeader header)
    {
        if (!header.IsResponse && header.MajorVersion == 2)
        {
            return;
        }

        if (context.Table.TryFind(header.SpiI, out InitInitiator? exchange))
        {
            exchange.NoteAnswer(local, remote);
        }
        else if (context.Table.Unanswered.TakeAnswer(header.SpiI, local.Address, remote.Address))
        {
            context.Emit(new PeerAnswered(local, remote));
        }
    }

    /// <summary>INVALID_IKE_SPI, with what proves to the peer that we did lose its SA (RFC 6290 §4.5).</summary>
    private void AnswerUnknownSa(InetEndpoint local, InetEndpoint remote, IkeHeader request)
    {
        var (answer, withTokens) = _budget.Take(context.Now);
        if (answer)
        {
            // No token leaves for an IKE SA that lives or is being made: not even when the Initiator flag is wrong, so that
            // it was not found, or when somebody on the path knows the peer's answer before we do (RFC 6290 §4.5, §9.2).
            var isForgotten = !context.Table.IsSpiTaken(request.SpiI) && !context.Table.IsSpiTaken(request.SpiR);
            Complain(
                local, remote, request,
                [new NotifyPayload(NotifyType.InvalidIkeSpi), .. withTokens && isForgotten ? context.Tokens.ForForgotten(request.SpiI, request.SpiR) : []]);
        }
    }

    /// <summary>By both SPIs; the Initiator flag says which of them is ours.</summary>
    private Generation? FindGeneration(IkeHeader header)
    {
        var ourSpi = header.IsFromInitiator ? header.SpiR : header.SpiI;
        return context.Table.TryFind(ourSpi, out Generation? generation) && generation.SpiI == header.SpiI && generation.SpiR == header.SpiR
            ? generation
            : null;
    }

    /// <summary>An unprotected answer that repeats SPIs, exchange and message id (RFC 7296 §2.21.4).</summary>
    private void Complain(InetEndpoint local, InetEndpoint remote, IkeHeader request, ImmutableArray<IkePayload> notifies)
    {
        if (_answers.TryTake(context.Now, remote.Address))
        {
            context.Send(local, remote, new IkeMessage(
                IkeHeader.ForResponse(request.SpiI, request.SpiR, request.Exchange, !request.IsFromInitiator, request.MessageId), notifies));
        }
    }
}
