using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Ike;
using Xunit;

namespace Latchkey.Daemon.Tests.Configuration;

/// <summary>How a [[peer]] says that it proves itself otherwise than by a fingerprint.</summary>
public sealed class CredentialsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("latchkey-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_shared_key_is_for_the_peers_only_address_unless_an_id_is_given()
    {
        Secret("psk", "a secret of enough octets\n");
        var (peer, credentials) = Peer("auth = \"psk\"\nsecret_file = \"psk\"\n");

        Assert.Equal("192.0.2.7", credentials.TheirId?.ToString());
        Assert.Equal("a secret of enough octets"u8.ToArray(), Assert.IsType<PeerProof.SharedKey>(credentials.Theirs).Secret.Span.ToArray());
        Assert.Equal(new ProvenName(NameProof.SharedKey, (byte)IdType.Ipv4Address, [192, 0, 2, 7]).Fingerprint, peer.Key);
        Assert.IsType<OwnProof.SharedKey>(credentials.Ours);
    }

    [Fact]
    public void A_shared_key_is_cleared_when_its_configuration_is_gone()
    {
        Secret("psk", "a secret of enough octets\n");
        var octets = OctetsOfAConfigurationThatIsLeft();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(new byte["a secret of enough octets".Length], octets);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private byte[] OctetsOfAConfigurationThatIsLeft()
    {
        var (_, credentials) = Peer("auth = \"psk\"\nsecret_file = \"psk\"\n");
        var secret = Assert.IsType<PeerProof.SharedKey>(credentials.Theirs).Secret;
        return (byte[])typeof(SecretBytes).GetField("_bytes", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(secret)!;
    }

    [Fact]
    public void A_public_key_file_is_the_key_of_its_fingerprint()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Write("peer.pub", key.ExportSubjectPublicKeyInfoPem());
        var (peer, credentials) = Peer("public_key_file = \"peer.pub\"\nlocal_id = \"gw.example.org\"\n");

        var known = Assert.IsType<PeerProof.Key>(credentials.Theirs).Known;
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), known?.SubjectPublicKeyInfo.ToArray());
        Assert.Equal(known?.Fingerprint, peer.Key);
        Assert.Equal(IdType.Fqdn, credentials.OurId?.Type);
    }

    [Fact]
    public void A_fingerprint_alone_needs_no_credentials()
    {
        var configuration = Read("key = \"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"\n").Configuration!;
        Assert.Empty(configuration.Credentials);
    }

    [Theory]
    [InlineData("auth = \"psk\"\n", "where the shared key is")]
    [InlineData("auth = \"psk\"\nsecret_file = \"none\"\n", "cannot read the shared key")]
    [InlineData("auth = \"psk\"\nsecret_file = \"short\"\n", "the shared key has 5 octets")]
    [InlineData("auth = \"psk\"\nsecret_file = \"open\"\n", "is open to others")]
    [InlineData("auth = \"psk\"\nsecret_file = \"short\"\nkey = \"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"\n", "'key' has no effect here")]
    [InlineData("auth = \"certificate\"\nid = \"b\"\nlocal_auth = \"key\"\n", "whose certificates count")]
    [InlineData("auth = \"certificate\"\nca_file = \"short\"\nid = \"b\"\nlocal_auth = \"key\"\n", "no PEM block \"CERTIFICATE\"")]
    [InlineData("auth = \"certificate\"\nca_file = \"short\"\nid = \"b\"\n", "this host has no certificate")]
    [InlineData("auth = \"certificate\"\nca_file = \"short\"\nlocal_auth = \"key\"\n", "which ID the peer asserts")]
    [InlineData("public_key_file = \"short\"\n", "no PEM block \"PUBLIC KEY\"")]
    [InlineData("key = \"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"\nid = \"two words\"\n", "'id' must be")]
    [InlineData("key = \"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"\nsecret_file = \"short\"\n", "'secret_file' has no effect here")]
    public void What_is_missing_or_wrong_is_said(string peer, string part)
    {
        Secret("short", "short\n");
        Write("open", "a secret that everybody reads\n");
        var errors = Read(peer).Errors;
        Assert.Contains(errors, e => e.Message.Contains(part, StringComparison.Ordinal) && e.Line >= 1 && e.Remedy.Length > 0);
    }

    private (Latching.KnownPeer Peer, PeerCredentials Credentials) Peer(string body)
    {
        var result = Read(body);
        Assert.Empty(result.Errors);
        return (result.Configuration!.Policy.Peers.Single(), result.Configuration.Credentials["b"]);
    }

    private ConfigurationResult Read(string body) =>
        ConfigurationReader.Read($"[[peer]]\nname = \"b\"\naddresses = [\"192.0.2.7\"]\n{body}", Path.Combine(_folder.FullName, "latchkey.toml"));

    private void Secret(string name, string text)
    {
        Write(name, text);
        File.SetUnixFileMode(Path.Combine(_folder.FullName, name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder.FullName, name), text);
}
