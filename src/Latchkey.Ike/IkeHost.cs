using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>
/// All IKE SAs of one host as a state machine without I/O: datagrams, commands and time go in, outputs come out.
/// Deterministic: no clock, no socket, no thread; randomness is injected.
/// </summary>
/// <remarks>
/// <c>now</c> is a monotonic time since an origin of the caller's choice, and never runs backwards.
/// After every call: drain <see cref="TryTakeOutput"/>, then look at <see cref="NextDeadline"/>.
/// </remarks>
public sealed class IkeHost : IDisposable
{
    private readonly HostContext _context;
    private readonly DatagramRouter _router;

    /// <exception cref="ArgumentException">A proposal list, or a list inside a proposal, is empty.</exception>
    public IkeHost(IkeSettings settings, SigningKey identity, IResponderPolicy policy, IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.IkeProposals.IsDefaultOrEmpty || settings.EspProposals.IsDefaultOrEmpty
            || settings.IkeProposals.Any(p => p.Encryption.IsEmpty || p.Prf.IsEmpty || p.KeyExchange.IsEmpty)
            || settings.EspProposals.Any(p => p.Encryption.IsEmpty))
        {
            throw new ArgumentException("every proposal needs at least one algorithm of each kind", nameof(settings));
        }

        var secret = new byte[32];
        random.Fill(secret);
        _context = new HostContext(settings, identity, policy, random, new InitGate(settings, new CookieJar(secret)));
        _router = new DatagramRouter(_context);
    }

    /// <summary>When <see cref="HandleDeadline"/> wants to be called next, or null.</summary>
    public TimeSpan? NextDeadline => _context.Timers.NextDue;

    /// <summary>Which life of this host we speak from, told to peers that understand it; null: nothing is told.</summary>
    public BirthCertificate? Birth
    {
        get => _context.Birth;
        set => _context.Birth = value;
    }

    /// <summary>To be asked about every datagram that may come from a flood, before <see cref="HandleDatagram"/>; any thread may ask.</summary>
    public InitGate Gate => _context.Gate;

    /// <summary>Dropped datagrams by reason. Any thread may look.</summary>
    public IReadOnlyDictionary<IkeDropReason, long> Drops => _context.Gate.Drops.Snapshot();

    /// <summary>Half-open IKE SAs as responder.</summary>
    public int HalfOpenCount => _context.Gate.HalfOpen;

    /// <summary>Every IKE SA that is not closed, oldest first.</summary>
    public IEnumerable<IkeSaInfo> Sas => _context.Table.Sas.OrderBy(sa => sa.Handle.Value).Select(sa => sa.Describe());

    public IkeSaInfo? Find(IkeSaHandle sa) => _context.Table.TryFind(sa, out var found) ? found.Describe() : null;

    /// <summary>Takes a datagram from port 500, or from port 4500 without its non-ESP marker. Never throws for what the bytes say.</summary>
    public void HandleDatagram(TimeSpan now, InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message)
    {
        _context.Now = now;
        _router.Route(local, remote, message);
    }

    public void HandleDeadline(TimeSpan now)
    {
        _context.Now = now;
        _context.Timers.FireDue(now);
    }

    public bool TryTakeOutput([NotNullWhen(true)] out IkeOutput? output) => _context.TryTake(out output);

    /// <summary>Begins a new IKE SA and its first Child SA. Also asks "who is there" at an address.</summary>
    /// <param name="forceUdpEncapsulation">Pretend a NAT so that ESP travels in UDP.</param>
    /// <param name="persistFor">Keep retransmitting IKE_SA_INIT at most this interval apart for this long; null: the usual schedule.</param>
    public (IkeSaHandle Sa, ChildRequestHandle Child) Initiate(
        TimeSpan now, InetAddress local, InetAddress remote, ChildProposal child, bool forceUdpEncapsulation, InitialContact initialContact, Persistence? persistFor = null)
    {
        _context.Now = now;
        var sa = new IkeSa(
            _context, initiated: true, new InetEndpoint(local, NatDetection.IkePort), new InetEndpoint(remote, NatDetection.IkePort));
        var request = _context.NextRequestHandle();
        new InitInitiator(_context, sa, request, child, forceUdpEncapsulation, initialContact, persistFor).Start();
        return (sa.Handle, request);
    }

    /// <summary>Asks for a further Child SA under an established IKE SA; queued behind requests under way.</summary>
    /// <remarks>Without such an IKE SA a <see cref="ChildFailed"/> follows at once.</remarks>
    public ChildRequestHandle CreateChild(TimeSpan now, IkeSaHandle sa, ChildProposal child)
    {
        _context.Now = now;
        var request = _context.NextRequestHandle();
        if (_context.Table.TryFind(sa, out var found) && found.State == IkeSaState.Established)
        {
            found.Current!.Requests.Enqueue(CreateChildRequest.New(_context, found, request, child));
        }
        else
        {
            _context.Emit(new ChildFailed(sa, request, null, CloseReason.IkeSaClosed, "there is no established IKE SA of this name"));
        }

        return request;
    }

    /// <summary>Replaces a Child SA; ignored when that is under way.</summary>
    public void RekeyChild(TimeSpan now, ChildSaHandle child)
    {
        _context.Now = now;
        if (_context.Table.TryFind(child, out var found))
        {
            found.Rekey();
        }
    }

    /// <summary>Replaces the keys of an IKE SA; ignored when that is under way.</summary>
    public void RekeyIkeSa(TimeSpan now, IkeSaHandle sa)
    {
        _context.Now = now;
        if (_context.Table.TryFind(sa, out var found))
        {
            found.Rekey();
        }
    }

    /// <summary>Deletes a Child SA: gone at once on this side, the peer is told.</summary>
    public void DeleteChild(TimeSpan now, ChildSaHandle child, CloseReason reason, string text)
    {
        _context.Now = now;
        if (_context.Table.TryFind(child, out var found))
        {
            found.Delete(reason, text);
        }
    }

    /// <summary>Deletes an IKE SA and its Child SAs: gone at once on this side.</summary>
    /// <param name="tellPeer">Send a Delete (best effort); false when the peer is known to be gone (RFC 7296 §1.4.1).</param>
    public void DeleteIkeSa(TimeSpan now, IkeSaHandle sa, CloseReason reason, string text, bool tellPeer)
    {
        _context.Now = now;
        if (_context.Table.TryFind(sa, out var found))
        {
            found.Close(reason, text, tellPeer ? Farewell.Delete : Farewell.None);
        }
    }

    /// <summary>
    /// Moves an IKE SA that is <see cref="IkeSaInfo.IsMobile"/> and that we began to other addresses (RFC 4555 §3.5); ends in
    /// <see cref="IkeSaMoved"/> or <see cref="MoveRefused"/>, or with the IKE SA when nobody answers. Of several the last counts.
    /// </summary>
    public void Move(TimeSpan now, IkeSaHandle sa, InetAddress local, InetAddress remote)
    {
        _context.Now = now;
        if (_context.Table.TryFind(sa, out var found) && found is { State: IkeSaState.Established, IsMobile: true, Initiated: true })
        {
            found.BeginMove(found.Local with { Address = local }, found.Remote with { Address = remote });
            found.Current!.Requests.Enqueue(new MoveRequest(_context, found));
        }
    }

    /// <summary>Our addresses changed: tells the peer of an IKE SA that is <see cref="IkeSaInfo.IsMobile"/>, if it was told otherwise (RFC 4555 §3.6).</summary>
    public void TellAddresses(TimeSpan now, IkeSaHandle sa)
    {
        _context.Now = now;
        if (_context.Table.TryFind(sa, out var found) && found is { State: IkeSaState.Established, IsMobile: true } && Mobility.IsNews(_context, found))
        {
            found.Current!.Requests.Enqueue(new AddressesRequest(_context, found));
        }
    }

    /// <summary>
    /// Asks an established peer whether it lives: a fast train of one protected request (an empty INFORMATIONAL, or the
    /// request already outstanding), paced by the measured round trip. Ends in <see cref="ProbeAnswered"/> or
    /// <see cref="ProbeSilent"/>. Does nothing while a train runs.
    /// </summary>
    public void Probe(TimeSpan now, IkeSaHandle sa)
    {
        _context.Now = now;
        if (_context.Table.TryFind(sa, out var found))
        {
            found.Probe();
        }
    }

    /// <summary>Answers <see cref="AuthorizePeer"/>. Ignored when the IKE SA is gone by now.</summary>
    public void AnswerPeer(TimeSpan now, IkeSaHandle sa, PeerVerdict verdict)
    {
        _context.Now = now;
        if (_context.Table.TryFind(sa, out var found))
        {
            found.AnswerPeer(verdict);
        }
    }

    /// <summary>Answers <see cref="AuthorizeChild"/>. Ignored when the exchange is gone by now.</summary>
    public void AnswerChild(TimeSpan now, IkeSaHandle sa, uint question, ChildVerdict verdict)
    {
        _context.Now = now;
        if (_context.Table.TryFind(sa, out var found))
        {
            found.AnswerChild(question, verdict);
        }
    }

    /// <summary>Tells a sender of ESP that its SPI is unknown here: unprotected INVALID_SPI, rate-limited (RFC 7296 §1.5).</summary>
    public void ComplainInvalidSpi(TimeSpan now, InetEndpoint local, InetEndpoint remote, uint spi)
    {
        _context.Now = now;
        _router.ComplainInvalidSpi(local, remote, spi);
    }

    /// <summary>Clears every key. Nothing is sent: whoever wants to say goodbye deletes the IKE SAs first.</summary>
    public void Dispose()
    {
        foreach (var generation in _context.Table.Generations.ToList())
        {
            generation.Dispose();
        }

        foreach (var exchange in _context.Table.Initiating.ToList())
        {
            exchange.CleanUp();
        }
    }
}

/// <summary>A patient schedule for an IKE_SA_INIT that waits for somebody to come up.</summary>
/// <param name="Interval">At most this long between sends.</param>
/// <param name="Duration">Give up after this long.</param>
public readonly record struct Persistence(TimeSpan Interval, TimeSpan Duration);
