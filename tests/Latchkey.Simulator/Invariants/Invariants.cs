namespace Latchkey.Simulator;

/// <summary>The list of what is checked in every run.</summary>
public static class Invariants
{
    public static List<Invariant> All(World world) =>
    [
        new NoByteLeavesTheChannel(world),
        new NoForeignByteArrives(),
        new LatchesNeverChange(),
        new LatchesTellTheTruth(world.Ledger),
        new KnownPeersAreNeverDisplaced(world.Ledger),
        new LatchesObeyThePolicy(),
        new PinsBind(),
        new NoLatchIsLostSilently(),
        new LatchesOutliveTheDaemon(),
        new EveryEndHasAReason(),
        new BreakComesBeforeAcceptance(),
        new ConflictingSasNeverMeet(world.Ledger),
        new DatapathAgreesWithLatches(),
        new NothingLeavesAfterGoodbye(),
        new NoClearToWhomSpokeIpsec(),
    ];
}
