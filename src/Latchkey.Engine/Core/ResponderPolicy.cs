using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>What policy says to a stranger who began an IKE_SA_INIT, before he has proved anything; and to a peer that wants to move.</summary>
internal sealed class ResponderPolicy(EngineState state) : IResponderPolicy
{
    public bool MayRespond(InetAddress local, InetAddress remote) => state.EntriesWithEnds(new AddressPair(local, remote)).Any();

    public ImmutableArray<AeadAlgorithm> Encryption(InetAddress local, InetAddress remote, SelectorSet selectors) =>
        state.EntryFor(new AddressPair(local, remote), selectors)?.Encryption ?? [];

    public bool WantsTunnel(InetAddress local, InetAddress remote, SelectorSet selectors) =>
        (state.EntryFor(new AddressPair(local, remote), selectors) ?? First(local, remote))?.Mode == SaMode.Tunnel;

    public ImmutableArray<EspSuite> Latched(InetAddress local, InetAddress remote, SelectorSet selectors)
    {
        var ends = new AddressPair(local, remote);
        return state.Latched(state.EntryFor(ends, selectors)?.PathBetween(ends) ?? ends, selectors);
    }

    public bool ForceUdpEncapsulation(InetAddress local, InetAddress remote) => First(local, remote) is { Encapsulation: not EncapsulationChoice.Esp };

    public string? ObjectionToMove(IkeSaHandle sa, InetAddress local, InetAddress remote) =>
        state.Find(sa) is { } peering ? Moves.ObjectionTo(state, peering, new AddressPair(local, remote)) : "its peer is not authorised yet";

    public IReadOnlyCollection<InetAddress> OtherAddresses(InetAddress local, InetAddress remote) =>
        state.EntriesWithEnds(new AddressPair(local, remote)).FirstOrDefault(entry => entry.Tunnel is { Moves: true }) is { Tunnel: { } path }
            ? [.. state.LocalEnds(path).Where(address => address != local)]
            : [];

    public PeerCredentials? CredentialsOf(InetAddress remote) =>
        state.Policy.Peers.FirstOrDefault(peer => peer.Owns(remote)) is { } peer ? state.Credentials.GetValueOrDefault(peer.Name) : null;

    private ProtectEntry? First(InetAddress local, InetAddress remote) => state.EntriesWithEnds(new AddressPair(local, remote)).FirstOrDefault();
}
