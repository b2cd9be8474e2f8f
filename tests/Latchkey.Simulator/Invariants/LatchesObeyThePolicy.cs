using Latchkey.Crypto;
using Latchkey.Latching;

namespace Latchkey.Simulator;

/// <summary>
/// RFC 5660 §2.3 (L29, L30; C5, C6): whatever the policy in force bypasses, or demands another peer for, is not
/// ESTABLISHED, unless its latch keeps the policy it had; and no latch keeps a peer that the PAD refuses.
/// </summary>
public sealed class LatchesObeyThePolicy : Invariant
{
    public override string Name => "No established latch contradicts the policy in force";

    public override void Stepped(SimulatedDaemon daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        var policy = daemon.Host.Policy;
        foreach (var latch in daemon.Engine.Latches())
        {
            if (latch.State != LatchState.Established || !KeyFingerprint.TryParse(latch.PeerKey!, out var key))
            {
                continue;
            }

            if (!latch.KeepsItsPolicy && !PolicyOracle.Allows(policy, key, latch.Flow))
            {
                Fail($"{latch} of {daemon.Host} is established, and the policy says otherwise");
            }

            var peer = policy.Find(latch.Flow)?.PathOf(latch.Flow).Remote ?? latch.Flow.Remote;
            if (!PolicyOracle.LetsSpeak(policy, key, peer, openToStrangers: true))
            {
                Fail($"{latch} of {daemon.Host} is established, and its peer may not speak for {peer}");
            }
        }
    }
}
