using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Ike.Tests;

internal sealed class TestPolicy : IResponderPolicy
{
    public bool Respond { get; set; } = true;

    public bool ForceEncapsulation { get; set; }

    public ImmutableArray<AeadAlgorithm> AllowedEncryption { get; set; } = [];

    public ImmutableArray<EspSuite> LatchedSuites { get; set; } = [];

    public bool MayRespond(InetAddress local, InetAddress remote) => Respond;

    public bool ForceUdpEncapsulation(InetAddress local, InetAddress remote) => ForceEncapsulation;

    public ImmutableArray<AeadAlgorithm> Encryption(InetAddress local, InetAddress remote, SelectorSet selectors) => AllowedEncryption;

    public ImmutableArray<EspSuite> Latched(InetAddress local, InetAddress remote, SelectorSet selectors) => LatchedSuites;

    public bool Tunnel { get; set; }

    public bool WantsTunnel(InetAddress local, InetAddress remote, SelectorSet selectors) => Tunnel;

    public IReadOnlyCollection<InetAddress> Others { get; set; } = [];

    public IReadOnlyCollection<InetAddress> OtherAddresses(InetAddress local, InetAddress remote) => Others;

    public string? MoveObjection { get; set; }

    public string? ObjectionToMove(IkeSaHandle sa, InetAddress local, InetAddress remote) => MoveObjection;

    public PeerCredentials? Credentials { get; set; }

    public PeerCredentials? CredentialsOf(InetAddress remote) => Credentials;
}
