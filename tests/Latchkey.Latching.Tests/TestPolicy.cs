using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Latching.Tests;

/// <summary>Short names for the values that policy tests are made of.</summary>
internal static class TestPolicy
{
    public static readonly InetAddress W = InetAddress.Parse("192.0.2.1");
    public static readonly InetAddress C = InetAddress.Parse("192.0.2.7");
    public static readonly InetAddress D = InetAddress.Parse("192.0.2.9");

    public static KeyFingerprint Key(string of) => new(SHA256.HashData(Encoding.ASCII.GetBytes(of)));

    public static KnownPeer Known(string name, params string[] addresses) => new(name, Key(name), [.. addresses.Select(InetPrefix.Parse)]);

    public static ProtectEntry Entry(string name, TrustLevel trust, ushort localPort, string remote = "192.0.2.0/24") => new()
    {
        Name = name,
        Remote = InetPrefix.Parse(remote),
        Protocol = IpProtocol.Tcp,
        Ports = [new PortPair(new PortRange(localPort, localPort), PortRange.Any)],
        Trust = trust,
    };

    public static SecurityPolicy Policy(ImmutableArray<ProtectEntry> protect, params KnownPeer[] peers) => new(protect, [.. peers]);

    public static FlowKey Flow(ushort localPort, InetAddress remote, ushort remotePort) => new(IpProtocol.Tcp, W, localPort, remote, remotePort);

    public static ChannelParameters Parameters(InetAddress remote, string peer, bool esn = true) => new(
        W, remote, Key("W"), Key(peer), ProtectionType.ConfidentialityAndIntegrity, SaMode.Transport, new QualityOfProtection(Algorithms.Aeads[0], esn));
}
