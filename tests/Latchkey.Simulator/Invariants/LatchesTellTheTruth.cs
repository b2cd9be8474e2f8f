using Latchkey.Contract;
using Latchkey.Latching;

namespace Latchkey.Simulator;

/// <summary>The key a latch names is the key at the other end of every SA of its channel, and its own is the host's.</summary>
public sealed class LatchesTellTheTruth(SaLedger ledger) : Invariant
{
    public override string Name => "A channel has one peer, and its latches name it";

    public override void Stepped(SimulatedDaemon daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        foreach (var latch in daemon.Engine.Latches())
        {
            if (latch.State != LatchState.Established)
            {
                continue;
            }

            if (latch.LocalKey != daemon.Host.Fingerprint.ToString())
            {
                Fail($"{latch} does not name the key of {daemon.Host}");
            }

            foreach (var peer in ledger.PeersOf(daemon, new ChannelId(latch.Channel ?? 0)))
            {
                if (peer.ToString() != latch.PeerKey)
                {
                    Fail($"at the other end of {latch} of {daemon.Host} is {peer}");
                }
            }
        }
    }
}
