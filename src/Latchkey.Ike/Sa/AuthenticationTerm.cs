using Latchkey.Crypto;

namespace Latchkey.Ike;

/// <summary>
/// How long an IKE SA may rest on the peer's proof that it began with. Rekeys do not lengthen it, because nobody proves anything in
/// them (RFC 7296 §2.8.3). Near its end a new proof is asked for; with it the IKE SA ends, whatever came of that.
/// </summary>
internal sealed class AuthenticationTerm(HostContext context, IkeSa sa)
{
    /// <summary>No more of a long term than this is given away for trying.</summary>
    private static readonly TimeSpan LongestMargin = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);

    private TimeSpan? _own;
    private Timer? _due;
    private Timer? _over;

    /// <summary>What is left of it; null: it has no end.</summary>
    public TimeSpan? Left => _own - context.Now;

    /// <summary>The peer has just proved itself.</summary>
    /// <param name="own">What we proved.</param>
    /// <param name="validUntil">When what it proved itself by is out of date; null: never.</param>
    public void Begin(PeerKey own, TimeSpan? validUntil)
    {
        // Whoever proves nothing has nothing to prove anew, and is somebody else under another IKE SA (RFC 7619).
        if (!own.ProvesNothing && !sa.PeerKey!.ProvesNothing)
        {
            _own = Earlier(context.Now + context.Settings.AuthenticationLifetime, validUntil);
            Arm();
        }
    }

    public void Stop()
    {
        _due?.Cancel();
        _over?.Cancel();
    }

    private void Arm()
    {
        Stop();
        if (Left is not { } left)
        {
            return;
        }

        // Whoever began the IKE SA begins again, at a random moment so that many do not begin together; the other end only in its
        // stead, if it does not (RFC 4478 §3: not everybody does).
        var tenth = left / 10;
        var margin = tenth < LongestMargin ? tenth : LongestMargin;
        var before = sa.Initiated ? margin + context.RandomSpan(margin) : margin / 2;
        var interval = margin / 4;
        _due = context.After(left - before, () => TellDue(interval > ShortestInterval ? interval : ShortestInterval));
        _over = context.After(left, End);
    }

    private void TellDue(TimeSpan interval)
    {
        // Only the end that began it can take a moving tunnel along (RFC 4555 §3.5): it must be that end again.
        if (sa.Initiated || !sa.IsMobile)
        {
            context.Emit(new ReauthenticationDue(sa.Handle));
        }

        _due = context.After(interval, () => TellDue(interval));
    }

    private void End()
    {
        context.Emit(new AuthenticationExpired(sa.Handle));
        sa.Close(CloseReason.AuthenticationExpired, "its peer did not prove itself anew in time", Farewell.Delete);
    }

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b ?? a : a;
}
