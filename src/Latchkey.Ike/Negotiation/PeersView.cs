using System.Collections.Immutable;
using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>
/// What the peer, on the other side of a NAT, calls the two ends of a Child SA in transport mode (RFC 7296 §2.23.1). Its
/// selectors are read with the addresses that packets have on our side, and answered with those it used.
/// </summary>
/// <param name="Local">The peer's name for our address.</param>
/// <param name="Remote">The peer's name for its own address: the private one, behind its NAT.</param>
internal sealed record PeersView(InetAddress Local, InetAddress Remote)
{
    /// <summary>
    /// Takes the peer's addresses from what it asks for. Only where IKE_SA_INIT found a NAT does a name other than the
    /// packets' address mean the same host; a range of addresses never does.
    /// </summary>
    public static PeersView Of(IkeSa sa, SelectorSet asked) => new(
        sa.Nat.Here && Only(asked.Local) is { } local ? local : sa.Local.Address,
        sa.Nat.There && Only(asked.Remote) is { } remote ? remote : sa.Remote.Address);

    /// <summary>Inner addresses are the same at both ends, whatever a NAT does to the outer ones.</summary>
    public static PeersView OfTunnel(IkeSa sa) => new(sa.Local.Address, sa.Remote.Address);

    public SelectorSet ToOurs(IkeSa sa, SelectorSet selectors) => new(
        Rename(selectors.Local, Local, sa.Local.Address), Rename(selectors.Remote, Remote, sa.Remote.Address));

    public SelectorSet ToPeers(IkeSa sa, SelectorSet selectors) => new(
        Rename(selectors.Local, sa.Local.Address, Local), Rename(selectors.Remote, sa.Remote.Address, Remote));

    /// <summary>The one address that all selectors of a side name, or null.</summary>
    private static InetAddress? Only(ImmutableArray<TrafficSelector> side) =>
        side.All(s => s.StartAddress == side[0].StartAddress && s.EndAddress == side[0].StartAddress) ? side[0].StartAddress : null;

    private static ImmutableArray<TrafficSelector> Rename(ImmutableArray<TrafficSelector> side, InetAddress from, InetAddress to) => from == to
        ? side
        : [.. side.Select(s => s.StartAddress == from && s.EndAddress == from ? s with { StartAddress = to, EndAddress = to } : s)];
}
