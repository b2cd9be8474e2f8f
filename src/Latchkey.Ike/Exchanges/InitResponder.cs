using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Latchkey.Crypto;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Serves IKE_SA_INIT requests (RFC 7296 §1.2): nothing is kept before policy, limits, cookie and proposal were checked.</summary>
internal sealed class InitResponder(HostContext context)
{
    private readonly Dictionary<RequestKey, byte[]> _responses = [];
    private readonly RateLimiter _mismatchReports = new(TimeSpan.FromSeconds(1));

    public void Serve(InetEndpoint local, InetEndpoint remote, IkeMessage message, ReadOnlySpan<byte> datagram)
    {
        var header = message.Header;
        if (header.SpiI == 0 || header.SpiR != 0 || header.MessageId != 0 || !header.IsFromInitiator)
        {
            context.Drop(IkeDropReason.Malformed);
            return;
        }

        // A retransmission is known by its octets, not by the SPI that anyone can repeat (RFC 7296 §2.1).
        var key = new RequestKey(remote, BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(datagram)));
        if (_responses.TryGetValue(key, out var response))
        {
            context.Send(local, remote, response);
            return;
        }

        if (!context.Policy.MayRespond(local.Address, remote.Address))
        {
            context.Drop(IkeDropReason.NoPolicy);
            return;
        }

        var payloads = new PayloadSet(message.Payloads);
        if (payloads.UnknownCritical is { } unknown)
        {
            Refuse(local, remote, header, new NotifyPayload(NotifyType.UnsupportedCriticalPayload, (byte)unknown.Type));
        }
        else if (payloads.Sa is not { } offered || payloads.KeyExchange is not { } keyExchange || payloads.Nonce is not { } nonce)
        {
            Refuse(local, remote, header, new NotifyPayload(NotifyType.InvalidSyntax));
        }
        else if (IsWelcome(local, remote, header, payloads, nonce))
        {
            context.Emit(new HintReceived(IkeHint.NewcomerBegan, local, remote, 0));
            Negotiate(new Request(key, local, remote, header, payloads, offered, keyExchange, nonce.Nonce, datagram.ToArray()));
        }
    }

    private bool IsWelcome(InetEndpoint local, InetEndpoint remote, IkeHeader header, PayloadSet payloads, NoncePayload nonce)
    {
        if (context.Gate.HalfOpen >= context.Settings.HalfOpenMaximum)
        {
            context.Drop(IkeDropReason.HalfOpenLimit);
            return false;
        }

        if (context.Gate.HalfOpen < context.Settings.CookieThreshold)
        {
            return true;
        }

        var shown = payloads.Notify(NotifyType.Cookie);
        if (shown is not null && context.Gate.Cookies.IsGood(context.Now, remote.Address, header.SpiI, nonce.Nonce, shown.Data))
        {
            return true;
        }

        context.Drop(shown is null ? IkeDropReason.CookieAsked : IkeDropReason.BadCookie);
        var cookie = new byte[CookieJar.CookieLength];
        context.Gate.Cookies.Make(context.Now, remote.Address, header.SpiI, nonce.Nonce, cookie);
        Refuse(local, remote, header, new NotifyPayload(NotifyType.Cookie, cookie));
        return false;
    }

    private void Negotiate(Request request)
    {
        var configured = Intermediate.Knows(request.Payloads) ? context.Settings.IkeProposals : [.. context.Settings.IkeProposals.Where(p => p.AdditionalKeyExchange.IsEmpty)];
        if (!IkeNegotiation.TryChoose(request.Offered, configured, out var chosen, out var suite))
        {
            var ours = IkeNegotiation.Offer(configured, []);
            if (_mismatchReports.TryTake(context.Now, request.Remote.Address))
            {
                context.Emit(new ProposalMismatch(request.Local, request.Remote, ByPeer: true, "IKE", ProposalRefusal.OfTheirs(request.Offered, ours)));
            }

            Refuse(
                request.Local, request.Remote, request.Header,
                [new NotifyPayload(NotifyType.NoProposalChosen), .. Vendor.IsAnnounced(request.Payloads) ? Telling.Of(ours) : []]);
        }
        else if (suite.KeyExchange.TransformId != request.KeyExchange.Method)
        {
            var wanted = suite.KeyExchange.TransformId;
            Refuse(request.Local, request.Remote, request.Header, new NotifyPayload(NotifyType.InvalidKePayload, (byte)(wanted >> 8), (byte)wanted));
        }
        else if (!suite.KeyExchange.TryAnswer(context.Random, request.KeyExchange.PublicValue, out var publicValue, out var shared))
        {
            Refuse(request.Local, request.Remote, request.Header, new NotifyPayload(NotifyType.InvalidSyntax));
        }
        else
        {
            Accept(request, chosen, suite, publicValue, shared!);
        }
    }

    private void Accept(Request request, Proposal chosen, IkeSuite suite, byte[] publicValue, SecretBytes shared)
    {
        var (local, remote, header) = (request.Local, request.Remote, request.Header);
        var sa = new IkeSa(context, initiated: false, local, remote);
        var spiR = context.NewIkeSpi();
        var nonce = context.Nonce();
        sa.Fragments = InitMessages.Fragments(request.Payloads);
        sa.PeerIsLatchkey = Vendor.IsAnnounced(request.Payloads);
        var force = context.Policy.ForceUdpEncapsulation(local.Address, remote.Address);
        sa.Note(NatDetection.Read(request.Payloads, header.SpiI, 0, local, remote), force);
        var usesPpk = request.Payloads.Has(NotifyType.UsePpk) && context.Policy.CredentialsOf(remote.Address)?.Ppk is not null;
        var response = new IkeMessage(
            IkeHeader.ForResponse(header.SpiI, spiR, ExchangeType.IkeSaInit, fromInitiator: false, messageId: 0),
            [
                new SaPayload([chosen with { Spi = [] }]),
                new KeyExchangePayload(suite.KeyExchange.TransformId, publicValue),
                new NoncePayload(nonce),
                .. NatDetection.Payloads(header.SpiI, spiR, local, remote, force),
                .. new Authenticator(context, sa).CertificateRequests,
                InitMessages.SignatureHashes(),
                .. usesPpk ? [PpkNotify.Use] : Enumerable.Empty<IkePayload>(),
                .. suite.Additional is not null ? [Intermediate.Support] : Enumerable.Empty<IkePayload>(),
                .. sa.Fragments ? [InitMessages.Fragmentation] : Enumerable.Empty<IkePayload>(),
                // The peer may make its Child SAs later (RFC 6023 §3).
                new NotifyPayload(NotifyType.ChildlessIkev2Supported),
                Vendor.Id,
            ]).ToBytes();

        sa.Init = new InitResult(
            request.Nonce, nonce, request.Datagram, response, context.Now, InitMessages.PeerHashes(request.Payloads), sa.PeerIsLatchkey)
        {
            UsesPpk = usesPpk,
        };
        sa.BeginAuthentication(InitMessages.MakeGeneration(context, sa, suite, shared, request.Nonce, nonce, header.SpiI, spiR));
        sa.LimitSetup(Farewell.None);
        _responses.Add(request.Key, response);
        context.After(context.Settings.HalfOpenLifetime, () => _responses.Remove(request.Key));
        context.Send(local, remote, response);
    }

    private void Refuse(InetEndpoint local, InetEndpoint remote, IkeHeader request, params ImmutableArray<IkePayload> payloads) =>
        context.Send(local, remote, new IkeMessage(
            IkeHeader.ForResponse(request.SpiI, 0, ExchangeType.IkeSaInit, fromInitiator: false, messageId: 0), payloads));

    private readonly record struct RequestKey(InetEndpoint Remote, UInt128 Digest);

    private sealed record Request(
        RequestKey Key, InetEndpoint Local, InetEndpoint Remote, IkeHeader Header, PayloadSet Payloads, SaPayload Offered, KeyExchangePayload KeyExchange, byte[] Nonce, byte[] Datagram);
}
