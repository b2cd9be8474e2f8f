namespace Latchkey.Simulator;

/// <summary>Invariant 4 (RFC 5386, B7 and B11): whoever gets an SA for an address is one whom the PAD lets speak for it.</summary>
public sealed class KnownPeersAreNeverDisplaced(SaLedger ledger) : Invariant
{
    public override string Name => "Nobody gets an SA for an address of a known peer but that peer";

    public override void Installed(SimulatedHost host, InstalledSa sa)
    {
        ArgumentNullException.ThrowIfNull(sa);
        var holders = ledger.Holders(sa.Key);
        foreach (var one in holders)
        {
            foreach (var other in holders)
            {
                // Who changed its policy since has thrown its half away.
                if (one.Daemon != other.Daemon && one.Daemon.Datapath.Sas.Any(held => held.Key == sa.Key)
                    && !PolicyOracle.LetsSpeak(one.Daemon, other.Host.Fingerprint, one.Remote))
                {
                    Fail($"{one.Host} shares {sa} with {other.Host}, whose key must not speak for {one.Remote}");
                }
            }
        }
    }
}
