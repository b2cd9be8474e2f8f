namespace Latchkey.Bench.Peers;

/// <summary>The veth pair itself: what all the others are compared with.</summary>
internal sealed class RawPeer : Peer
{
    public override string Name => "raw";

    public override Task<Tunnel> Up(Ends ends) => Task.FromResult(new Tunnel(Ends.AddressB, [], "no encryption"));
}
