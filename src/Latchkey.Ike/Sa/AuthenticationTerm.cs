using Latchkey.Crypto;

namespace Latchkey.Ike;

/// <summary>
/// How long an IKE SA may rest on the proofs that it began with: the peer's as this host wants it, and ours as the peer tells
/// (RFC 4478). Rekeys do not lengthen it, because nobody proves anything in them (RFC 7296 §2.8.3). Near its end new proofs are
/// asked for; with it the IKE SA ends, whatever came of that.
/// </summary>
internal sealed class AuthenticationTerm(HostContext context, IkeSa sa)
{
    /// <summary>No more of a long term than this is given away for trying.</summary>
    private static readonly TimeSpan LongestMargin = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>A peer may tell as often as it likes, and people are told no more often than this.</summary>
    private static readonly TimeSpan SayingInterval = TimeSpan.FromSeconds(10);

    private bool _counts;
    private TimeSpan? _theirs;
    private TimeSpan? _ours;
    private TimeSpan _slack;
    private Timer? _due;
    private Timer? _over;
    private Timer? _quiet;
    private AuthLifetimeTold? _unsaid;

    /// <summary>Until when the peer's proof counts here; null: without end.</summary>
    public TimeSpan? PeersUntil => _theirs;

    /// <summary>Until when ours counts with the peer, as it told; null: without end.</summary>
    public TimeSpan? OursUntil => _ours;

    /// <summary>The peer sees the end of our proof at this moment, as near as two clocks agree: what it deletes now, it deletes for that.</summary>
    public bool IsOverForPeer => _ours - context.Now <= _slack;

    /// <summary>Both ends have just proved themselves.</summary>
    /// <param name="own">What we proved.</param>
    /// <param name="validUntil">When what the peer proved itself by is out of date; null: never.</param>
    public void Begin(PeerKey own, TimeSpan? validUntil)
    {
        // Whoever proves nothing has nothing to prove anew, and is somebody else under another IKE SA (RFC 7619).
        _counts = !own.ProvesNothing && !sa.PeerKey!.ProvesNothing;
        if (_counts)
        {
            _theirs = Earlier(context.Now + context.Settings.AuthenticationLifetime, validUntil);
            Arm();
        }
    }

    /// <summary>The peer tells how long our proof counts from now on. It is the last word that holds.</summary>
    public void Tell(TimeSpan lifetime)
    {
        if (_counts)
        {
            var shortest = context.Settings.AuthenticationLifetimeMinimum;
            var taken = lifetime < shortest ? shortest : lifetime;
            _ours = context.Now + taken;
            Say(new AuthLifetimeTold(sa.Handle, lifetime, taken));
            Arm();
        }
    }

    /// <summary>The peer ends the IKE SA when our proof is over for it.</summary>
    public void EndByPeer() => End(ours: true, Farewell.Answered);

    public void Stop()
    {
        Disarm();
        _quiet?.Cancel();
    }

    /// <summary>At once, and then the last word when a while is over.</summary>
    private void Say(AuthLifetimeTold told)
    {
        if (_quiet is not null)
        {
            _unsaid = told;
            return;
        }

        context.Emit(told);
        _quiet = context.After(SayingInterval, () =>
        {
            _quiet = null;
            if (_unsaid is { } last)
            {
                _unsaid = null;
                Say(last);
            }
        });
    }

    private void Disarm()
    {
        _due?.Cancel();
        _over?.Cancel();
    }

    private void Arm()
    {
        Disarm();
        if (Earlier(_theirs, _ours) - context.Now is not { } left)
        {
            return;
        }

        // Whoever began the IKE SA begins again, at a random moment so that many do not begin together; the other end only in its
        // stead, if it does not (RFC 4478 §3: not everybody does).
        var tenth = left / 10;
        var margin = tenth < LongestMargin ? tenth : LongestMargin;
        var before = sa.Initiated ? margin + context.RandomSpan(margin) : margin / 2;
        var interval = margin / 4;
        var ours = _theirs is null || _ours < _theirs;
        _slack = margin / 8;
        _due = context.After(left - before, () => TellDue(interval > ShortestInterval ? interval : ShortestInterval));
        // The end of our proof is the peer's to see; only if it forgets do we.
        _over = context.After(Earlier(_theirs, _ours + interval) - context.Now ?? left, () => End(ours, Farewell.Delete));
    }

    private void TellDue(TimeSpan interval)
    {
        context.Emit(new ReauthenticationDue(sa.Handle));
        _due = context.After(interval, () => TellDue(interval));
    }

    private void End(bool ours, Farewell farewell)
    {
        context.Emit(new AuthenticationExpired(sa.Handle, ours));
        sa.Close(CloseReason.AuthenticationExpired, ours ? "we did not prove ourselves anew in time" : "its peer did not prove itself anew in time", farewell);
    }

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b ?? a : a;
}
