using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>One IKE SA: its peer, its current generation of keys, its Child SAs and what is under way.</summary>
internal sealed class IkeSa
{
    private readonly HostContext _context;
    private readonly List<ChildSa> _children = [];
    private readonly Dictionary<uint, ChildQuestion> _childQuestions = [];
    private readonly Dictionary<OutgoingRequest, Timer> _parked = [];
    private readonly ProbeTrain _probe;
    private Action<PeerVerdict>? _peerQuestion;
    private Timer? _setupTimer;
    private Timer? _softTimer;
    private Timer? _hardTimer;
    private Timer? _keepalive;
    private EspWay? _unproved;
    private bool _forcesUdp;

    public IkeSa(HostContext context, bool initiated, InetEndpoint local, InetEndpoint remote)
    {
        _context = context;
        _probe = new ProbeTrain(context, this);
        Term = new AuthenticationTerm(context, this);
        Handle = context.NextSaHandle();
        Initiated = initiated;
        Local = local;
        Remote = remote;
        State = initiated ? IkeSaState.Initiating : IkeSaState.HalfOpen;
        context.Table.Add(this);
        if (!initiated)
        {
            context.Gate.HalfOpen++;
        }
    }

    public IkeSaHandle Handle { get; }

    public bool Initiated { get; }

    /// <summary>The port moves to 4500 when a NAT is seen (RFC 7296 §2.23); the address changes only if the SA <see cref="IsMobile"/>.</summary>
    public InetEndpoint Local { get; private set; }

    public InetEndpoint Remote { get; private set; }

    public bool UdpEncapsulation { get; private set; }

    /// <summary>Both ends understand messages in fragments.</summary>
    public bool Fragments { get; set; }

    /// <summary>The peer announced that it knows our private notifies.</summary>
    public bool PeerIsLatchkey { get; set; }

    public NatSides Nat { get; private set; }

    /// <summary>Both ends speak MOBIKE, and what it carries are tunnels: their ends may move (RFC 4555 §3.1).</summary>
    public bool IsMobile { get; set; }

    /// <summary>Further addresses of the peer, as it told (RFC 4555 §3.4).</summary>
    public ImmutableArray<InetAddress> PeerAddresses { get; set; } = [];

    /// <summary>Further addresses of ours, as the peer was last told.</summary>
    public ImmutableArray<InetAddress> ToldAddresses { get; set; } = [];

    /// <summary>Where ESP goes: as IKE does, but for a move that is not proved yet.</summary>
    public EspWay Esp => _unproved ?? new EspWay(Local, Remote, UdpEncapsulation, Nat.Any);

    public IkeSaState State { get; private set; }

    public PeerKey? PeerKey { get; private set; }

    /// <summary>Null until IKE_SA_INIT is done.</summary>
    public Generation? Current { get; private set; }

    /// <summary>As the responder, until IKE_AUTH is done.</summary>
    public InitResult? Init { get; set; }

    public RoundTripEstimate RoundTrip { get; } = new();

    public TimeSpan? LastHeard { get; set; }

    public IReadOnlyList<ChildSa> Children => _children;

    /// <summary>How long the peer's proof counts.</summary>
    public AuthenticationTerm Term { get; }

    /// <summary>What a setup under way (IKE_SA_INIT, an open question about the peer) cleans up when the SA ends.</summary>
    public Action<CloseReason, string>? AbandonSetup { get; set; }

    /// <summary>Our rekey of this IKE SA, while it is under way.</summary>
    public RekeyIkeRequest? RekeyUnderWay { get; set; }

    public void MoveTo(InetEndpoint local, InetEndpoint remote)
    {
        Local = local;
        Remote = remote;
    }

    /// <summary>
    /// The peer's NAT gave it another port: what it sends fresh and authenticated says where it is (RFC 7296 §2.23). Its Child
    /// SAs are made anew with the port that reaches it; a replay moves nothing, because it is not fresh.
    /// </summary>
    public void Follow(InetEndpoint remote)
    {
        if (Nat.There && State == IkeSaState.Established && remote.Address == Remote.Address && remote.Port != Remote.Port)
        {
            Remote = remote;
            _children.ForEach(child => child.Rekey());
        }
    }

    /// <summary>What IKE_SA_INIT said of NATs.</summary>
    /// <param name="force">ESP travels in UDP whatever was found.</param>
    public void Note(NatFindings nat, bool force) => (Nat, UdpEncapsulation, _forcesUdp) = (nat.Sides, nat.MustEncapsulate || force, force);

    /// <summary>What we say of our addresses where the SA moves to, as in IKE_SA_INIT (RFC 4555 §3.5).</summary>
    public IEnumerable<IkePayload> NatPayloads(Generation generation, InetEndpoint local, InetEndpoint remote) =>
        NatDetection.Payloads(generation.SpiI, generation.SpiR, local, remote, _forcesUdp);

    /// <summary>IKE goes on between these ends. ESP stays where it is until it is proved that the peer answers there: <see cref="ConcludeMove"/>.</summary>
    public void BeginMove(InetEndpoint local, InetEndpoint remote)
    {
        _unproved ??= Esp;
        MoveTo(local, remote);
    }

    /// <summary>What the peer's hashes say of NATs where the SA moved to.</summary>
    public void NoteNat(Generation generation, PayloadSet payloads, InetEndpoint local, InetEndpoint remote) =>
        Note(NatDetection.Read(payloads, generation.SpiI, generation.SpiR, local, remote), _forcesUdp);

    /// <summary>The peer answers where the SA moved to: its Child SAs follow.</summary>
    public void ConcludeMove()
    {
        var from = Esp;
        _unproved = null;
        _keepalive?.Cancel();
        if (Nat.Here && UdpEncapsulation)
        {
            ArmKeepalive();
        }

        _context.Emit(new IkeSaMoved(Handle, from.Local, from.Remote, Local, Remote, Nat, UdpEncapsulation));
    }

    /// <summary>IKE_SA_INIT is done: protected messages can flow.</summary>
    public void BeginAuthentication(Generation generation)
    {
        Current = generation;
        if (Initiated)
        {
            State = IkeSaState.Authenticating;
        }
    }

    /// <summary>Asks for a verdict on the peer; without one in time the SA is dropped.</summary>
    public void AskAboutPeer(AuthorizePeer question, Action<PeerVerdict> answer)
    {
        State = IkeSaState.Authorizing;
        PeerKey = question.Key;
        _peerQuestion = answer;
        if (Initiated)
        {
            LimitSetup(Farewell.Delete);
        }

        _context.Emit(question);
    }

    public void AnswerPeer(PeerVerdict verdict)
    {
        var answer = _peerQuestion;
        _peerQuestion = null;
        answer?.Invoke(verdict);
    }

    /// <summary>Asks for a verdict on a Child SA; without one in time it is refused.</summary>
    /// <param name="abandon">Called instead of <paramref name="answer"/> when the IKE SA ends first.</param>
    public void AskAboutChild(ChildOffer offer, Action<ChildVerdict> answer, Action<CloseReason, string> abandon)
    {
        var question = _context.NextQuestion();
        var timer = _context.After(
            _context.Settings.HalfOpenLifetime, () => AnswerChild(question, new ChildVerdict.Refuse("no verdict on the Child SA came in time")));
        _childQuestions.Add(question, new ChildQuestion(timer, answer, abandon));
        _context.Emit(new AuthorizeChild(Handle, question, offer));
    }

    public void AnswerChild(uint question, ChildVerdict verdict)
    {
        if (_childQuestions.Remove(question, out var asked))
        {
            asked.Timer.Cancel();
            asked.Answer(verdict);
        }
    }

    /// <summary>The setup must end within the half-open lifetime.</summary>
    public void LimitSetup(Farewell farewell) =>
        _setupTimer = _context.After(
            _context.Settings.HalfOpenLifetime, () => Close(CloseReason.PeerSilent, "the IKE SA was not completed in time", farewell));

    /// <param name="own">What we proved.</param>
    /// <param name="authDigest"><see cref="AuthSignature.Digest"/></param>
    /// <param name="validUntil">When what the peer proved itself by is out of date; null: never.</param>
    public void Establish(PeerKey own, byte[] authDigest, TimeSpan? validUntil)
    {
        EndSetup();
        AbandonSetup = null;
        State = IkeSaState.Established;
        var current = Current!;
        _context.Emit(new IkeSaEstablished(Handle, Initiated, own, PeerKey!, Local, Remote, Nat, current.Suite, current.SpiI, current.SpiR, authDigest));
        ExportKeys(current);
        ArmLifetime();
        Term.Begin(own, validUntil);
        if (Nat.Here && UdpEncapsulation)
        {
            ArmKeepalive();
        }
    }

    /// <summary>The next generation takes over from the current one, with all Child SAs (RFC 7296 §2.18).</summary>
    /// <param name="deleteOld">We began the rekey, so the Delete of the old generation is ours to send.</param>
    public void Succeed(Generation next, bool deleteOld)
    {
        var old = Current!;
        Current = next;
        _context.Emit(new IkeSaRekeyed(Handle, next.Suite, next.SpiI, next.SpiR));
        ExportKeys(next);
        ArmLifetime();
        if (next.WeInitiated && _context.Tokens.IsOn)
        {
            next.Requests.Enqueue(new TokenRequest(_context.Tokens));
        }

        old.Requests.MoveWaitingTo(next.Requests);
        old.Retire(deleteOld);
    }

    public void ExportKeys(Generation generation)
    {
        if (_context.Settings.ExportKeys)
        {
            _context.Emit(new KeysExported(
                new IkeKeyExport(generation.SpiI, generation.SpiR, generation.Suite, generation.Keys.SkEi.Span.ToArray(), generation.Keys.SkEr.Span.ToArray()), null));
        }
    }

    /// <summary>Whether a new request of this kind is taken at all; if not it is dropped.</summary>
    public bool Serves(Generation generation, ExchangeType exchange) => exchange switch
    {
        // What was agreed to be exchanged is exchanged before anybody authenticates.
        ExchangeType.IkeIntermediate => State == IkeSaState.HalfOpen && AwaitsIntermediate,
        ExchangeType.IkeAuth => State == IkeSaState.HalfOpen && !AwaitsIntermediate,
        ExchangeType.CreateChildSa => State == IkeSaState.Established,
        // A generation that ended still says goodbye to a peer that deletes it.
        ExchangeType.Informational => State is IkeSaState.Established or IkeSaState.Closed || (State == IkeSaState.Authorizing && Initiated),
        _ => false,
    };

    private bool AwaitsIntermediate => Current?.Suite.Additional is not null && Init is { IntermediateAuth.Length: 0 };

    public void Serve(Generation generation, ExchangeType exchange, PayloadSet request)
    {
        switch (exchange)
        {
            case ExchangeType.IkeIntermediate:
                Intermediate.Serve(_context, this, generation, request);
                break;
            case ExchangeType.IkeAuth:
                AuthResponder.Serve(_context, this, generation, request);
                break;
            case ExchangeType.CreateChildSa:
                CreateChildResponder.Serve(_context, this, generation, request);
                break;
            case ExchangeType.Informational:
                InformationalResponder.Serve(_context, this, generation, request);
                break;
        }
    }

    /// <summary>A request of ours was answered.</summary>
    /// <param name="plain">Nothing had to be computed for the answer.</param>
    public void NoteAnswer(Transmission transmission, bool plain)
    {
        if (transmission.RoundTrip is { } roundTrip)
        {
            RoundTrip.Add(roundTrip, plain);
        }

        _probe.NoteAnswer(transmission);
    }

    /// <summary>Sends a request after a while; the peer could not serve it just now.</summary>
    public void RequestLater(TimeSpan delay, OutgoingRequest request) =>
        _parked.Add(request, _context.After(delay, () =>
        {
            _parked.Remove(request);
            Current!.Requests.Enqueue(request);
        }));

    public void Probe() => _probe.Start();

    /// <summary>A Child SA is being made, replaced or deleted by us: the peer must not replace the IKE SA meanwhile (RFC 7296 §2.25.2).</summary>
    public bool HasChildExchangeUnderWay => Current!.Requests.IsChildExchangeUnderWay || _childQuestions.Count > 0;

    /// <summary>
    /// True when an SPI we do not know may belong to a Child SA whose grant is still on its way to us: what the peer says
    /// about it has overtaken that, and must wait for the peer's repetition.
    /// </summary>
    public bool MayLearnOfChildren => HasChildExchangeUnderWay || State == IkeSaState.Authorizing;

    public IkeSaInfo Describe() => new(
        Handle, State, Initiated, Local, Remote, Current?.SpiI ?? 0, Current?.SpiR ?? 0, Current?.Suite, PeerKey?.Fingerprint, RoundTrip.Smoothed, LastHeard,
        [.. _children.Select(c => new ChildSaInfo(c.Handle, c.InboundSpi, c.OutboundSpi, c.Terms.Suite, c.Terms.Selectors))])
    {
        ProofUntil = Term.PeersUntil,
        OwnProofUntil = Term.OursUntil,
        IsMobile = IsMobile,
        PeerAddresses = PeerAddresses,
    };

    public void Add(ChildSa child) => _children.Add(child);

    public void Remove(ChildSa child) => _children.Remove(child);

    public ChildSa? FindChildByOutboundSpi(uint spi) => _children.FirstOrDefault(c => c.OutboundSpi == spi);

    /// <summary>The peer does not believe us.</summary>
    public void CloseRefused(Farewell farewell)
    {
        var authenticator = new Authenticator(_context, this);
        Close(CloseReason.RefusedByPeer, $"the peer refused our authentication: we proved ourselves {authenticator.OurClaim}, and its log says what it expected", farewell, authenticator.OurRefusal);
    }

    /// <summary>The one way an IKE SA ends. The first reason stands.</summary>
    public void Close(CloseReason reason, string text, Farewell farewell, Refusal? refusal = null)
    {
        if (State == IkeSaState.Closed)
        {
            return;
        }

        // Of a stranger who only sent IKE_SA_INIT nobody was told; there can be thousands.
        var announced = Initiated || State != IkeSaState.HalfOpen || farewell == Farewell.Answered;
        EndSetup();
        State = IkeSaState.Closed;
        _softTimer?.Cancel();
        _hardTimer?.Cancel();
        Term.Stop();
        _keepalive?.Cancel();
        _probe.Stop();
        _peerQuestion = null;
        foreach (var child in _children.ToList())
        {
            child.Close(CloseReason.IkeSaClosed, text);
        }

        Current?.Requests.AbandonAll(reason, text);
        foreach (var (request, timer) in _parked)
        {
            timer.Cancel();
            request.Abandon(reason, text);
        }

        _parked.Clear();
        foreach (var question in _childQuestions.Values)
        {
            question.Timer.Cancel();
            question.Abandon(reason, text);
        }

        _childQuestions.Clear();
        AbandonSetup?.Invoke(reason, text);
        _context.Table.Remove(this);
        if (announced)
        {
            _context.Emit(new IkeSaClosed(Handle, reason, text) { Refusal = refusal });
        }

        switch (farewell)
        {
            case Farewell.None:
                Current?.Dispose();
                break;
            case Farewell.Delete:
                Current?.Retire(sayDelete: true);
                break;
            case Farewell.AuthenticationFailed:
                Current?.Retire(sayDelete: true, new NotifyPayload(NotifyType.AuthenticationFailed));
                break;
            case Farewell.Answered:
                Current?.Requests.Stop();
                Current?.Retire(sayDelete: false);
                break;
        }
    }

    private void EndSetup()
    {
        _setupTimer?.Cancel();
        if (!Initiated && State is IkeSaState.HalfOpen or IkeSaState.Authorizing)
        {
            _context.Gate.HalfOpen--;
        }
    }

    /// <summary>A NAT forgets a mapping that nothing uses, and then nobody outside reaches us any more (RFC 3948 §4).</summary>
    private void ArmKeepalive() => _keepalive = _context.After(_context.Settings.NatKeepalive, () =>
    {
        _context.Emit(new SendKeepalive(Local, Remote));
        ArmKeepalive();
    });

    private void ArmLifetime()
    {
        _softTimer?.Cancel();
        _hardTimer?.Cancel();
        var lifetime = _context.Settings.IkeLifetime;
        _softTimer = _context.After(lifetime - _context.RandomSpan(lifetime / 10), Rekey);
        _hardTimer = _context.After(lifetime + (lifetime / 10), () => Close(CloseReason.Expired, "the IKE SA's lifetime ran out before it could be rekeyed", Farewell.Delete));
    }

    /// <summary>Begins a rekey unless one is under way.</summary>
    public void Rekey()
    {
        if (State == IkeSaState.Established && RekeyUnderWay is null)
        {
            RekeyUnderWay = new RekeyIkeRequest(_context, this);
            Current!.Requests.Enqueue(RekeyUnderWay);
        }
    }

    private sealed record ChildQuestion(Timer Timer, Action<ChildVerdict> Answer, Action<CloseReason, string> Abandon);
}
