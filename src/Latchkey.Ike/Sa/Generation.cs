using Latchkey.Crypto;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// One generation of an IKE SA: its SPIs, keys and message ids. A rekey makes the next generation; the IKE SA, its peer
/// and its Child SAs go on (RFC 7296 §2.18).
/// </summary>
internal sealed class Generation : IDisposable
{
    /// <summary>What every IPv6 path carries whole (RFC 8200 §5), less IP and UDP headers and the non-ESP marker.</summary>
    private const int LongestDatagram = 1280 - 40 - 8 - 4;

    private readonly HostContext _context;
    private readonly MessageAssembly _requestParts = new();
    private readonly MessageAssembly _answerParts = new();
    private MessageCipher _cipher;
    private MessageCipher? _formerCipher;
    private uint _lastFormerId;
    private Timer? _lingering;

    /// <param name="firstId">Message id of the first protected request: 1 after IKE_SA_INIT, 0 after a rekey.</param>
    /// <param name="keys">Owned by the generation from here on.</param>
    public Generation(HostContext context, IkeSa sa, ulong spiI, ulong spiR, bool weInitiated, IkeSuite suite, IkeSaKeys keys, uint firstId)
    {
        _context = context;
        Sa = sa;
        SpiI = spiI;
        SpiR = spiR;
        WeInitiated = weInitiated;
        Suite = suite;
        Keys = keys;
        // Only requests of the original initiator follow IKE_SA_INIT; the responder's own begin at 0 (RFC 7296 §2.2).
        FirstRequestId = weInitiated ? firstId : 0;
        Responses = new ResponseWindow(weInitiated ? 0 : firstId);
        Requests = new RequestWindow(context, this);
        _cipher = Cipher(keys);
        context.Table.Add(this);
    }

    public IkeSa Sa { get; }

    public ulong SpiI { get; }

    public ulong SpiR { get; }

    /// <summary>We are the original initiator of this generation: our messages carry the Initiator flag.</summary>
    public bool WeInitiated { get; }

    public ulong OurSpi => WeInitiated ? SpiI : SpiR;

    public IkeSuite Suite { get; }

    public IkeSaKeys Keys { get; private set; }

    /// <summary>The message being served, as IKE_INTERMEDIATE authenticates it.</summary>
    public OpenedMessage? Received { get; private set; }

    public uint FirstRequestId { get; }

    public RequestWindow Requests { get; }

    public ResponseWindow Responses { get; }

    /// <summary>What would prove that the peer has forgotten this generation.</summary>
    public PeerToken PeerToken { get; } = new();

    /// <summary>The current one of an established IKE SA.</summary>
    public bool IsInForce => Sa.Current == this && Sa.State == IkeSaState.Established;

    /// <summary>No longer the current one; kept for what is still in flight.</summary>
    public bool IsRetired => _lingering is not null;

    public bool IsDisposed { get; private set; }

    /// <summary>Further keys, after IKE_INTERMEDIATE (RFC 9370 §2.2.2): from now on everything but repetitions of it is under these.</summary>
    /// <param name="keys">Owned by the generation from here on.</param>
    /// <param name="lastId">Message id of that exchange.</param>
    public void Advance(IkeSaKeys keys, uint lastId)
    {
        Keys.Dispose();
        (_formerCipher, _lastFormerId) = (_cipher, lastId);
        (Keys, _cipher) = (keys, Cipher(keys));
    }

    /// <summary>SK_d and SK_p with a postquantum preshared key in them; messages go on under the keys they were under (RFC 8784 §3).</summary>
    /// <param name="keys">Owned by the generation from here on.</param>
    public void Adopt(IkeSaKeys keys)
    {
        Keys.Dispose();
        Keys = keys;
    }

    /// <summary>The datagrams of a message: one, or its fragments.</summary>
    public IReadOnlyList<byte[]> Seal(IkeHeader header, IReadOnlyList<IkePayload> payloads) =>
        _cipher.Seal(header, payloads, Sa.Fragments ? LongestDatagram : null);

    public void Receive(InetEndpoint local, InetEndpoint remote, IkeMessage message, ReadOnlySpan<byte> datagram)
    {
        // Who could answer at an address proved it in IKE_SA_INIT; nobody inherits that proof at another address. With MOBIKE a
        // message may come from any, is answered there, and moves nothing by itself (RFC 4555 §3.5).
        if (!Sa.IsMobile && (local.Address != Sa.Local.Address || remote.Address != Sa.Remote.Address))
        {
            _context.Drop(IkeDropReason.OtherAddress);
            return;
        }

        var (header, encrypted) = (message.Header, message.Encrypted!);
        // Only the exchanges that the original initiator began have former keys.
        var cipher = _formerCipher is not null && header.IsResponse == WeInitiated && header.MessageId <= _lastFormerId ? _formerCipher : _cipher;
        if (!cipher.TryOpen(datagram, encrypted, out var inner))
        {
            _context.Drop(IkeDropReason.IntegrityFailed);
            return;
        }

        Sa.LastHeard = _context.Now;
        var first = encrypted.FirstInner;
        if (encrypted.Fragment is { } fragment)
        {
            if (!Sa.Fragments)
            {
                _context.Drop(IkeDropReason.Malformed);
                return;
            }

            // One answer for all the fragments of a repeated request (RFC 7383 §2.6.1).
            var repeated = !header.IsResponse && Responses.Judge(header.MessageId) == ResponseWindow.Verdict.Repeated;
            var whole = !repeated ? (header.IsResponse ? _answerParts : _requestParts).Add(header.MessageId, encrypted, inner)
                : fragment.Number == 1 ? (first, inner) : null;
            if (whole is not { } assembled)
            {
                return;
            }

            (first, inner) = assembled;
        }

        Received = new OpenedMessage(header, first, inner);
        var readable = PayloadChain.TryRead(first, inner, encrypted.Offset, out var payloads, out var error);
        if (header.IsResponse)
        {
            ReceiveAnswer(remote, header, readable ? new PayloadSet(payloads) : null, error);
        }
        else
        {
            ReceiveRequest(local, remote, header, readable ? new PayloadSet(payloads) : null, error);
        }
    }

    /// <summary>Answers the request being served.</summary>
    public void Respond(params IReadOnlyList<IkePayload> payloads)
    {
        if (Responses.Serving is not { } request || IsDisposed)
        {
            return;
        }

        var header = IkeHeader.ForResponse(SpiI, SpiR, request.Exchange, WeInitiated, request.MessageId);
        var response = Seal(header, payloads);
        Responses.Complete(response);
        _context.Send(Responses.Local, Responses.Remote, response);
    }

    /// <summary>The retransmission limit was reached.</summary>
    public void PeerIsSilent()
    {
        if (IsRetired)
        {
            Dispose();
        }
        else
        {
            Sa.Close(CloseReason.PeerSilent, "the peer answered none of our retransmissions", Farewell.None);
        }
    }

    /// <summary>Not the current generation any more: kept for a while to answer what the peer sends again.</summary>
    /// <param name="sayDelete">Tell the peer that this generation is over.</param>
    /// <param name="because">And why.</param>
    public void Retire(bool sayDelete, NotifyPayload? because = null)
    {
        if (IsDisposed)
        {
            return;
        }

        if (_lingering is null)
        {
            _lingering = _context.After(_context.Settings.HalfOpenLifetime, Dispose);
            _context.Table.KeepRetired(this);
        }

        if (sayDelete)
        {
            Requests.Enqueue(new DeleteRequest(DeletePayload.IkeSa, because: because));
        }
    }

    public void Dispose()
    {
        if (IsDisposed)
        {
            return;
        }

        IsDisposed = true;
        _lingering?.Cancel();
        Requests.Stop();
        _context.Table.Remove(this);
        _cipher.Dispose();
        _formerCipher?.Dispose();
        Keys.Dispose();
    }

    private MessageCipher Cipher(IkeSaKeys keys) => WeInitiated ? new(Suite.Encryption, keys.SkEi, keys.SkEr) : new(Suite.Encryption, keys.SkEr, keys.SkEi);

    private void ReceiveAnswer(InetEndpoint remote, IkeHeader header, PayloadSet? payloads, IkeParseError error)
    {
        if (!Requests.Awaits(header.MessageId, header.Exchange))
        {
            _context.Drop(IkeDropReason.UnexpectedResponse);
        }
        else if (payloads is null)
        {
            Sa.Close(CloseReason.ProtocolError, $"the peer's answer cannot be read: {error}", Farewell.None);
        }
        else if (payloads.UnknownCritical is { } unknown)
        {
            Sa.Close(CloseReason.ProtocolError, $"the peer's answer has a critical {RegistryName.Of(unknown.Type)}", Farewell.Delete);
        }
        else
        {
            Sa.Follow(remote);
            Requests.HandleAnswer(payloads);
        }
    }

    private void ReceiveRequest(InetEndpoint local, InetEndpoint remote, IkeHeader header, PayloadSet? payloads, IkeParseError error)
    {
        switch (Responses.Judge(header.MessageId))
        {
            case ResponseWindow.Verdict.Repeated:
                _context.Send(local, remote, Responses.LastResponse!);
                return;
            case ResponseWindow.Verdict.BeingAnswered:
                return;
            case ResponseWindow.Verdict.Outside:
                _context.Drop(IkeDropReason.OutsideWindow);
                return;
            case ResponseWindow.Verdict.New when !Sa.Serves(this, header.Exchange):
                _context.Drop(IkeDropReason.UnexpectedExchange);
                return;
        }

        Responses.Begin(header, local, remote);
        Sa.Follow(remote);
        if (payloads is null)
        {
            // Authenticated nonsense: the peer is broken, and what it believes about this SA cannot be known (RFC 7296 §2.21.3).
            Respond(new NotifyPayload(NotifyType.InvalidSyntax));
            Sa.Close(CloseReason.ProtocolError, $"the peer's request cannot be read: {error}", Farewell.Answered);
        }
        else if (payloads.UnknownCritical is { } unknown)
        {
            Respond(new NotifyPayload(NotifyType.UnsupportedCriticalPayload, (byte)unknown.Type));
        }
        else
        {
            Sa.Serve(this, header.Exchange, payloads);
        }
    }
}
