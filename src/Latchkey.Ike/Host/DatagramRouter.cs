using System.Buffers.Binary;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Takes each datagram to whom it concerns, or drops and counts it.</summary>
internal sealed class DatagramRouter(HostContext context)
{
    private readonly InitResponder _initResponder = new(context);

    // Ten answers a second to one address help a lost peer, and amplify nothing.
    private readonly RateLimiter _complaints = new(TimeSpan.FromMilliseconds(100));

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
                Complain(local, remote, header, new NotifyPayload(NotifyType.InvalidMajorVersion));
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
        if (payloads.Notify(NotifyType.InvalidSpi) is { Data.Length: 4 } invalidSpi)
        {
            context.Emit(new HintReceived(IkeHint.InvalidSpi, local, remote, BinaryPrimitives.ReadUInt32BigEndian(invalidSpi.Data)));
        }
        else if (payloads.Has(NotifyType.InvalidIkeSpi) && FindGeneration(message.Header) is { } generation
            && generation.Sa.Remote.Address == remote.Address && generation.Sa.State != IkeSaState.Closed)
        {
            // It repeats SPIs that only we, the peer and the path between know; it is still no proof.
            context.Emit(new HintReceived(IkeHint.InvalidIkeSpi, local, remote, 0));
        }
        else
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
                Complain(local, remote, message.Header, new NotifyPayload(NotifyType.InvalidIkeSpi));
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

    /// <summary>By both SPIs; the Initiator flag says which of them is ours.</summary>
    private Generation? FindGeneration(IkeHeader header)
    {
        var ourSpi = header.IsFromInitiator ? header.SpiR : header.SpiI;
        return context.Table.TryFind(ourSpi, out Generation? generation) && generation.SpiI == header.SpiI && generation.SpiR == header.SpiR
            ? generation
            : null;
    }

    /// <summary>An unprotected answer that repeats SPIs, exchange and message id (RFC 7296 §2.21.4).</summary>
    private void Complain(InetEndpoint local, InetEndpoint remote, IkeHeader request, NotifyPayload notify)
    {
        if (_complaints.TryTake(context.Now, remote.Address))
        {
            context.Send(local, remote, new IkeMessage(
                IkeHeader.ForResponse(request.SpiI, request.SpiR, request.Exchange, !request.IsFromInitiator, request.MessageId), [notify]));
        }
    }
}
