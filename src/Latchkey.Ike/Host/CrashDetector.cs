using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// Takes the one unprotected message that is a proof: a complaint about an IKE SA with the token that its peer gave us
/// under that SA's protection (RFC 6290 §4.5). The SA ends in silence; there is nobody left who knows it.
/// </summary>
internal sealed class CrashDetector(HostContext context)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    // By source, so that who floods us with wrong tokens leaves room for the right one from elsewhere.
    private readonly RateLimiter _verifications = new(Interval);
    private readonly RateLimiter _reports = new(TimeSpan.FromSeconds(1));

    /// <summary>Whether a message offers a proof that this generation of an IKE SA is unknown where it came from.</summary>
    public bool Concerns(Generation accused, PayloadSet payloads) => context.Tokens.IsOn
        && accused.IsInForce && accused.PeerToken.IsKept && payloads.Has(NotifyType.QuickCrashDetection)
        && (payloads.Has(NotifyType.InvalidIkeSpi) || payloads.Has(NotifyType.InvalidSpi));

    /// <remarks>From whatever address it comes: a host may have another one after its reboot (RFC 6290 §4.5).</remarks>
    /// <returns>False when it proves nothing: what is left of the message is a complaint like any other.</returns>
    public bool TryProve(InetEndpoint remote, Generation accused, PayloadSet payloads)
    {
        var sa = accused.Sa;
        if (_verifications.TryTake(context.Now, remote.Address) && accused.PeerToken.IsAmong(payloads))
        {
            context.Emit(new PeerForgotUs(sa.Handle, remote));
            sa.Close(CloseReason.PeerGone, "the peer has lost it, and proved so with its crash detection token", Farewell.None);
            return true;
        }

        context.Drop(IkeDropReason.BadCrashToken);
        if (_reports.TryTake(context.Now, sa.Remote.Address))
        {
            context.Emit(new CrashTokenRefused(sa.Handle, remote));
        }

        return false;
    }
}
