using Latchkey.Crypto;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// A pinned address is never spoken for by another key; and where first use is trusted nobody is let in whose pin is not
/// on the disk.
/// </summary>
public sealed class PinsBind : Invariant
{
    public override string Name => "A pinned address is never spoken for by another key";

    public override void Raised(SimulatedDaemon daemon, EngineEvent raised)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        ArgumentNullException.ThrowIfNull(raised);
        if (raised is { Kind: EventKind.ChildSaEstablished, PeerAddress: { } address, PeerKey: { } peer } && KeyFingerprint.TryParse(peer, out var key)
            && daemon.Host.Policy.Protect.Any(entry => entry.Trust == TrustLevel.FirstUse) && daemon.Host.Policy.Peers.All(known => known.Key != key)
            && daemon.Host.PinStore.At(Stands(daemon.Host.Policy, address))?.Key != key && !daemon.Engine.Latches().Any(latch => latch.KeepsItsPolicy))
        {
            Fail($"{daemon.Host} has an SA with {key} at {address}, where {daemon.Host.PinStore.At(address)?.Key.ToString() ?? "nobody"} is pinned");
        }
    }

    /// <summary>The address that stands for a peer whose tunnel may be at others too.</summary>
    private static InetAddress Stands(SecurityPolicy policy, InetAddress address) =>
        policy.Protect.FirstOrDefault(entry => entry.Tunnel is { Moves: true } && entry.OtherRemote.Any(prefix => prefix.Contains(address)))?.Tunnel?.Remote ?? address;

    public override void Stepped(SimulatedDaemon daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        foreach (var latch in daemon.Engine.Latches())
        {
            if (latch.State == LatchState.Established && PolicyOracle.Binding(daemon.Host.Policy, latch.Flow.Remote) is { } pin && pin.Key.ToString() != latch.PeerKey)
            {
                Fail($"{latch} of {daemon.Host} is established, and {pin.Key} is pinned to {pin.Address}");
            }
        }
    }
}
