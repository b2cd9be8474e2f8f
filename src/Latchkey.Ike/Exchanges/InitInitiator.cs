using System.Buffers.Binary;
using Latchkey.Crypto;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Our side of an IKE_SA_INIT we began (RFC 7296 §1.2), with cookies (§2.6) and a second guess at the key exchange.</summary>
internal sealed class InitInitiator
{
    /// <summary>Answers that make us begin again, in all: nobody on the path shall keep us busy.</summary>
    private const int RestartMaximum = 5;

    private readonly HostContext _context;
    private readonly IkeSa _sa;
    private readonly ChildRequestHandle _childRequest;
    private readonly ChildProposal _child;
    private readonly bool _forceUdpEncapsulation;
    private readonly InitialContact _initialContact;
    private readonly RetransmitSchedule _schedule;
    private readonly byte[] _nonce;
    private KeyExchangeOffer _offer;
    private byte[] _cookie = [];
    private Transmission? _transmission;
    private byte[] _request = [];
    private int _restarts;
    private bool _answered;

    public InitInitiator(
        HostContext context, IkeSa sa, ChildRequestHandle childRequest, ChildProposal child, bool forceUdpEncapsulation, InitialContact initialContact, Persistence? persistence)
    {
        _context = context;
        _sa = sa;
        _childRequest = childRequest;
        _child = child;
        _forceUdpEncapsulation = forceUdpEncapsulation;
        _initialContact = initialContact;
        _schedule = persistence is { } patient ? RetransmitSchedule.For(patient) : RetransmitSchedule.For(context.Settings, null);
        _nonce = context.Nonce();
        SpiI = context.NewIkeSpi();
        // The guess is our favourite; a peer that wants another says so (INVALID_KE_PAYLOAD).
        _offer = context.Settings.IkeProposals[0].KeyExchange[0].Offer(context.Random);
        sa.AbandonSetup = Abandon;
        context.Table.Add(this);
    }

    public ulong SpiI { get; }

    private PostquantumKey? Ppk => _context.Policy.CredentialsOf(_sa.Remote.Address)?.Ppk;

    public void Start()
    {
        _transmission?.Stop();
        _request = new IkeMessage(
            IkeHeader.ForRequest(SpiI, 0, ExchangeType.IkeSaInit, fromInitiator: true, messageId: 0),
            [
                .. _cookie.Length == 0 ? Enumerable.Empty<IkePayload>() : [new NotifyPayload(NotifyType.Cookie, _cookie)],
                IkeNegotiation.Offer(_context.Settings.IkeProposals, []),
                new KeyExchangePayload(_offer.Method.TransformId, _offer.PublicValue),
                new NoncePayload(_nonce),
                .. NatDetection.Payloads(SpiI, 0, _sa.Local, _sa.Remote, _forceUdpEncapsulation),
                InitMessages.SignatureHashes(),
                InitMessages.Fragmentation,
                .. Ppk is null ? Enumerable.Empty<IkePayload>() : [PpkNotify.Use],
                .. _context.OffersAdditional ? [Intermediate.Support] : Enumerable.Empty<IkePayload>(),
                Vendor.Id,
            ]).ToBytes();
        _transmission = new Transmission(_context, _sa, [_request], _schedule, GiveUp);
        _transmission.Start();
    }

    public void NoteAnswer(InetEndpoint local, InetEndpoint remote)
    {
        if (!_answered && local.Address == _sa.Local.Address && remote.Address == _sa.Remote.Address)
        {
            _answered = true;
            _context.Emit(new PeerAnswered(local, remote));
        }
    }

    public void HandleResponse(InetEndpoint local, InetEndpoint remote, IkeMessage message, ReadOnlySpan<byte> datagram)
    {
        if (local.Address != _sa.Local.Address || remote.Address != _sa.Remote.Address)
        {
            _context.Drop(IkeDropReason.OtherAddress);
            return;
        }

        if (!message.Header.IsResponse || message.Header.MessageId != 0 || message.Header.IsFromInitiator)
        {
            _context.Drop(IkeDropReason.UnexpectedResponse);
            return;
        }

        _sa.LastHeard = _context.Now;
        var payloads = new PayloadSet(message.Payloads);
        if (payloads.Notify(NotifyType.Cookie) is { } cookie && payloads.Sa is null)
        {
            RestartWithCookie(cookie.Data);
        }
        else if (payloads.Error is { } error)
        {
            HandleError(error, payloads);
        }
        else
        {
            Complete(message.Header.SpiR, payloads, datagram.ToArray());
        }
    }

    private void RestartWithCookie(byte[] cookie)
    {
        // RFC 7296 §2.6: 1 to 64 octets.
        if (cookie.Length is 0 or > 64 || cookie.AsSpan().SequenceEqual(_cookie) || ++_restarts > RestartMaximum)
        {
            _context.Drop(IkeDropReason.UnexpectedResponse);
            return;
        }

        _cookie = cookie;
        Start();
    }

    private void HandleError(NotifyPayload error, PayloadSet payloads)
    {
        if (error.Notify == NotifyType.InvalidKePayload && error.Data.Length == 2)
        {
            RestartWithKeyExchange(BinaryPrimitives.ReadUInt16BigEndian(error.Data));
        }
        else if (error.Notify == NotifyType.NoProposalChosen)
        {
            Mismatch(ProposalRefusal.OfOurs(IkeNegotiation.Offer(_context.Settings.IkeProposals, []), Telling.ReadProposals(payloads)));
            _sa.Close(CloseReason.NoProposalChosen, "the peer accepts none of our IKE proposals", Farewell.None);
        }
        else
        {
            _sa.Close(CloseReason.ProtocolError, $"the peer answered IKE_SA_INIT with {RegistryName.Of(error.Notify)}", Farewell.None);
        }
    }

    private void RestartWithKeyExchange(ushort wanted)
    {
        var method = _context.Settings.IkeProposals.SelectMany(p => p.KeyExchange).FirstOrDefault(k => k.TransformId == wanted);
        if (method is null || method.TransformId == _offer.Method.TransformId || ++_restarts > RestartMaximum)
        {
            var name = TransformDifferences.KeyExchangeName(wanted);
            if (method is null)
            {
                Mismatch(ProposalRefusal.OfKeyExchange(IkeNegotiation.Offer(_context.Settings.IkeProposals, []), name));
            }

            _sa.Close(CloseReason.NoProposalChosen, $"the peer insists on the key exchange {name}, which {(method is null ? "is not among ours" : "it has been offered")}", Farewell.None);
            return;
        }

        _offer.Dispose();
        _offer = method.Offer(_context.Random);
        Start();
    }

    private void Mismatch(Refusal refusal) => _context.Emit(new ProposalMismatch(_sa.Local, _sa.Remote, ByPeer: false, "IKE", refusal));

    private void Complete(ulong spiR, PayloadSet payloads, byte[] response)
    {
        if (payloads.Sa is not { } answer || payloads.KeyExchange is not { } keyExchange || payloads.Nonce is not { } nonce || spiR == 0)
        {
            Fail("the peer's IKE_SA_INIT response lacks a payload");
        }
        else if (payloads.UnknownCritical is { } unknown)
        {
            Fail($"the peer's IKE_SA_INIT response has a critical {RegistryName.Of(unknown.Type)}");
        }
        else if (!IkeNegotiation.TryReadAnswer(answer, _context.Settings.IkeProposals, out var suite) || suite.KeyExchange.TransformId != _offer.Method.TransformId)
        {
            Fail("the peer chose what we did not offer");
        }
        else if (suite.Additional is not null && !Intermediate.Knows(payloads))
        {
            Fail($"the peer chose {suite.Additional} and does not know IKE_INTERMEDIATE, which carries it");
        }
        else if (keyExchange.Method != _offer.Method.TransformId || !_offer.TryComplete(keyExchange.PublicValue, out var shared))
        {
            Fail("the peer's key exchange value is not valid");
        }
        else
        {
            var init = new InitResult(
                _nonce, nonce.Nonce, _request, response, _context.Now, InitMessages.PeerHashes(payloads), Vendor.IsAnnounced(payloads))
            {
                UsesPpk = Ppk is not null && payloads.Has(NotifyType.UsePpk),
            };
            Proceed(spiR, payloads, init, suite, shared!);
        }
    }

    private void Proceed(ulong spiR, PayloadSet payloads, InitResult init, IkeSuite suite, SecretBytes shared)
    {
        _sa.Note(NatDetection.Read(payloads, SpiI, spiR, _sa.Local, _sa.Remote), _forceUdpEncapsulation);
        _sa.Fragments = InitMessages.Fragments(payloads);
        _sa.PeerIsLatchkey = init.PeerIsLatchkey;
        CleanUp();
        _sa.AbandonSetup = null;
        _sa.NoteAnswer(_transmission!, plain: false);
        // What may move must not have to change ports when it meets a NAT elsewhere (RFC 4555 §3.3).
        if (_sa.UdpEncapsulation || (_child.Tunnel && payloads.Has(NotifyType.NatDetectionSourceIp)))
        {
            _sa.MoveTo(_sa.Local with { Port = NatDetection.EncapsulationPort }, _sa.Remote with { Port = NatDetection.EncapsulationPort });
        }

        var generation = InitMessages.MakeGeneration(_context, _sa, suite, shared, init.NonceI, init.NonceR, SpiI, spiR);
        _sa.BeginAuthentication(generation);
        if (suite.Additional is { } additional)
        {
            generation.Requests.Enqueue(new IntermediateRequest(_context, _sa, init, additional, concluded => Authenticate(generation, concluded), FailChild));
        }
        else
        {
            Authenticate(generation, init);
        }
    }

    private void Authenticate(Generation generation, InitResult init) =>
        generation.Requests.Enqueue(new AuthInitiator(_context, _sa, init, _childRequest, _child, _initialContact));

    private void FailChild(CloseReason reason, string text) => _context.Emit(new ChildFailed(_sa.Handle, _childRequest, null, reason, text));

    private void Fail(string text) => _sa.Close(CloseReason.ProtocolError, text, Farewell.None);

    private void GiveUp()
    {
        _context.Table.Unanswered.Add(SpiI, _sa.Local.Address, _sa.Remote.Address);
        _sa.Close(CloseReason.PeerSilent, "nobody answered IKE_SA_INIT", Farewell.None);
    }

    private void Abandon(CloseReason reason, string text)
    {
        CleanUp();
        FailChild(reason, text);
    }

    /// <summary>Stops sending and clears the private value.</summary>
    public void CleanUp()
    {
        _transmission?.Stop();
        _offer.Dispose();
        _context.Table.Remove(this);
    }
}
