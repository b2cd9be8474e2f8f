using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>A pair of ESP SAs under an IKE SA (RFC 7296 §1.3).</summary>
internal sealed class ChildSa
{
    private readonly HostContext _context;
    private readonly Timer _hardTimer;
    private Timer? _softTimer;

    private ChildSa(HostContext context, IkeSa sa, ChildTerms terms)
    {
        _context = context;
        Sa = sa;
        Terms = terms;
        Handle = context.NextChildHandle();
        var lifetime = context.Settings.ChildLifetime;
        _softTimer = context.After(lifetime - context.RandomSpan(lifetime / 10), Rekey);
        _hardTimer = context.After(lifetime + (lifetime / 10), () => Delete(CloseReason.Expired, "the Child SA's lifetime ran out before it could be rekeyed"));
    }

    public ChildSaHandle Handle { get; }

    public IkeSa Sa { get; }

    public ChildTerms Terms { get; }

    public uint InboundSpi => Terms.InboundSpi;

    public uint OutboundSpi => Terms.OutboundSpi;

    /// <summary>Our rekey of this Child SA is waiting or under way.</summary>
    public bool IsBeingRekeyed { get; set; }

    /// <summary>We asked the peer to delete it; it goes when the peer answers.</summary>
    public bool IsBeingDeleted { get; private set; }

    /// <summary>What the peer put in its place, while we were replacing it too (RFC 7296 §2.8.1).</summary>
    public PeerRekey? ReplacedByPeer { get; set; }

    public bool IsClosed { get; private set; }

    /// <summary>Derives the keys and announces the Child SA; from then on it exists.</summary>
    /// <param name="generation">Its SK_d gives the keys (RFC 7296 §2.17).</param>
    /// <param name="view">How the peer that asked for it names the addresses; null when we asked.</param>
    public static ChildSa Establish(
        HostContext context, Generation generation, ChildTerms terms, ChildRequestHandle? request, ChildSa? rekeys, PeersView? view = null)
    {
        var sa = generation.Sa;
        var child = new ChildSa(context, sa, terms);
        var keys = IkeKeyDerivation.ChildKeys(
            generation.Suite.Prf, terms.Suite.Encryption, generation.Keys.SkD.Span, terms.Shared is { } shared ? shared.Span : [], terms.NonceI, terms.NonceR);
        terms.Shared?.Dispose();
        var (inbound, outbound) = terms.Initiated
            ? (keys.ResponderToInitiator, keys.InitiatorToResponder)
            : (keys.InitiatorToResponder, keys.ResponderToInitiator);
        sa.Add(child);
        context.Table.Add(child);
        if (context.Settings.ExportKeys)
        {
            context.Emit(new KeysExported(null, new ChildKeyExport(
                terms.InboundSpi, terms.OutboundSpi, terms.Suite, inbound.Span.ToArray(), outbound.Span.ToArray())));
        }

        context.Emit(new ChildEstablished(
            child.Handle, sa.Handle, request, terms.Initiated, terms.InboundSpi, terms.OutboundSpi, terms.Suite, terms.Selectors,
            inbound, outbound, sa.Esp.Local, sa.Esp.Remote, sa.Esp.Udp, terms.Tunnel, sa.Esp.Translated, view?.Remote, rekeys?.Handle));
        return child;
    }

    /// <summary>Begins a rekey unless one is under way.</summary>
    public void Rekey()
    {
        if (IsClosed || IsBeingRekeyed || IsBeingDeleted || Sa.State != IkeSaState.Established)
        {
            return;
        }

        IsBeingRekeyed = true;
        Sa.Current!.Requests.Enqueue(CreateChildRequest.Rekey(_context, this));
    }

    /// <summary>Another Child SA took its place: no more rekeys; it goes when its Delete is done.</summary>
    public void StopRekeying()
    {
        _softTimer?.Cancel();
        _softTimer = null;
    }

    /// <summary>Gone at once here; the peer is told.</summary>
    public void Delete(CloseReason reason, string text)
    {
        Close(reason, text);
        Sa.Current?.Requests.Enqueue(new DeleteRequest(DeletePayload.Esp(InboundSpi)));
    }

    /// <summary>
    /// Asks the peer to delete it and keeps it until the peer did, so that nothing in flight under it is lost: the way an
    /// SA leaves that another one replaced.
    /// </summary>
    public void DeleteWhenAnswered(CloseReason reason, string text)
    {
        IsBeingDeleted = true;
        StopRekeying();
        Sa.Current?.Requests.Enqueue(new DeleteRequest(DeletePayload.Esp(InboundSpi), () => Close(reason, text)));
    }

    /// <summary>The one way a Child SA ends. The first reason stands.</summary>
    public void Close(CloseReason reason, string text)
    {
        if (IsClosed)
        {
            return;
        }

        IsClosed = true;
        _softTimer?.Cancel();
        _hardTimer.Cancel();
        Sa.Remove(this);
        _context.Table.Remove(this);
        _context.Emit(new ChildClosed(Handle, Sa.Handle, InboundSpi, OutboundSpi, reason, text));
    }
}
