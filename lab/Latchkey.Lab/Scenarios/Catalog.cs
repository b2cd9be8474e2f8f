using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>All scenarios, in the order of the acceptance list.</summary>
public static class Catalog
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new S0WithoutIpsec(),
        new S1OldSaNewcomerSilent(),
        new S1aForgedHints(),
        new S1bRebooted(),
        new S1cRebootedAndSilent(),
        new S1dAnotherKeysInitialContact(),
        new S1eForeignInitialContact(),
        new S1fForeignInitialContactKept(),
        new S2ExpiredSa(),
        new S2bDeletedAndMadeAgain(),
        new S3NewcomerBegins(),
        new S3uConnectedUdp(),
        new S4Wait(),
        new S5NewcomerWithoutIpsec(),
        new S5aSilence(),
        new S6OffPath(),
        new S7ReplacementRouter(),
        new S7sStaticNeighbour(),
        new S8WildcardCoversRouter(),
        new S8sPinnedPeer(),
        new S8cStrangerReported(),
        new S9LockDown(),
        new S9aWrongFingerprint(),
        new S9bFirstUse(),
        new S9cRotatedKey(),
        new S10Defaults(),
        new S12ApplicationChooses(),
        new S13BreakWhileConnecting(),
        new S14ManyConnections(),
        new S15Rekeys(),
        new S15rRestarts(),
        new S15jJournalRefused(),
        new S16EntryRemoved(),
        new S16aStrongerDemand(),
        new S16bKept(),
        new S16cPeerUnauthorised(),
        new S16dStrongerSuite(),
        new S17RekeyHijack(),
        new X1BadInput(),
        new X1hHostileMessages(),
        new X2DaemonKilled(),
        new X3Transfer(offload: false),
        new X3Transfer(offload: true),
        new X4Barrage(),
        new X5Flood(),
        new X6ClearUntilIpsec(),
        new X7SharedAddress(),
        new X8FullDisk(),
        new X9LocalAddressLost(),
        new X10Offload(refused: false),
        new X10Offload(refused: true),
        new X11MovingTunnel(),
        new X12Gateways(waits: false),
        new X12Gateways(waits: true),
        new X13Reauthentication(),
        new X14BehindNat(),
    ];

    public static Scenario? Find(string id) => All.FirstOrDefault(scenario => string.Equals(scenario.Id, id, StringComparison.OrdinalIgnoreCase));
}
