using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Engine;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>The settings and policies that simulated hosts share.</summary>
public static class Standard
{
    private static readonly AeadAlgorithm Aead = Algorithms.FindAead(20, 256)!;

    /// <summary>One suite, the cheapest to compute: what is negotiated is not what these runs are about.</summary>
    public static EngineSettings Engine { get; } = new()
    {
        Ike = new IkeSettings
        {
            IkeProposals = [new IkeProposal([Aead], [Algorithms.FindPrf(5)!], [Algorithms.FindKeyExchange(31)!])],
            EspProposals = [new EspProposal([Aead], [])],
        },
    };

    /// <summary>Protects TCP with port 7000 on either side.</summary>
    public static ProtectEntry Service { get; } = new()
    {
        Name = "service",
        Protocol = IpProtocol.Tcp,
        Ports =
        [
            new PortPair(PortRange.Any, new PortRange(TcpStack.ServicePort, TcpStack.ServicePort)),
            new PortPair(new PortRange(TcpStack.ServicePort, TcpStack.ServicePort), PortRange.Any),
        ],
        Trust = TrustLevel.Anyone,
    };

    /// <summary>A policy with one entry.</summary>
    public static SecurityPolicy Policy(ProtectEntry entry, params ImmutableArray<KnownPeer> peers) => new([entry], peers);

    /// <summary>A PAD entry that ties an address to the key of that number.</summary>
    public static KnownPeer Known(string name, int identity, InetAddress address) =>
        new(name, Identities.Fingerprint(identity), [InetPrefix.Of(address)]);
}
