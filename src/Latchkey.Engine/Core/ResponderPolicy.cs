using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>What the policy in force says about a pair of addresses before anybody has proved anything.</summary>
internal sealed class ResponderPolicy(EngineState state) : IResponderPolicy
{
    public bool MayRespond(InetAddress local, InetAddress remote) => state.EntriesBetween(new AddressPair(local, remote)).Any();

    public ImmutableArray<AeadAlgorithm> Encryption(InetAddress local, InetAddress remote, SelectorSet selectors) =>
        EntryFor(local, remote, selectors)?.Encryption ?? [];

    public bool WantsTunnel(InetAddress local, InetAddress remote, SelectorSet selectors) =>
        (EntryFor(local, remote, selectors) ?? state.EntriesBetween(new AddressPair(local, remote)).FirstOrDefault())?.Mode == SaMode.Tunnel;

    public ImmutableArray<EspSuite> Latched(InetAddress local, InetAddress remote, SelectorSet selectors) => state.Latched(new AddressPair(local, remote), selectors);

    public bool ForceUdpEncapsulation(InetAddress local, InetAddress remote) =>
        state.EntriesBetween(new AddressPair(local, remote)).FirstOrDefault() is { Encapsulation: not EncapsulationChoice.Esp };

    private ProtectEntry? EntryFor(InetAddress local, InetAddress remote, SelectorSet selectors) =>
        state.EntriesBetween(new AddressPair(local, remote)).FirstOrDefault(entry => entry.SelectorsBetween(local, remote).Any(own => !own.Intersect(selectors).IsEmpty));

    public PeerCredentials? CredentialsOf(InetAddress remote) =>
        state.Policy.Peers.FirstOrDefault(peer => peer.Owns(remote)) is { } peer ? state.Credentials.GetValueOrDefault(peer.Name) : null;
}
