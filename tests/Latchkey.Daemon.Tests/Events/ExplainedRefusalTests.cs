using System.Text;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;
using static Latchkey.Daemon.Tests.Events.TwoEngines;

namespace Latchkey.Daemon.Tests.Events;

/// <summary>
/// NO_PROPOSAL_CHOSEN, TS_UNACCEPTABLE and AUTHENTICATION_FAILED: at the end that refuses and at the end that is refused, the log,
/// the events and explain say what was offered, what was configured, what of it failed, and which line would mend it.
/// </summary>
public sealed class ExplainedRefusalTests
{
    private static readonly AeadAlgorithm Gcm256 = Algorithms.FindAead(20, 256)!;
    private static readonly AeadAlgorithm Gcm128 = Algorithms.FindAead(20, 128)!;
    private static readonly AeadAlgorithm ChaCha = Algorithms.FindAead(28, null)!;

    [Fact]
    public void NO_PROPOSAL_CHOSEN_for_an_IKE_SA_at_both_ends()
    {
        using var hosts = new TwoEngines(settings => Ciphers(settings, ChaCha), settings => Ciphers(settings, Gcm256));
        hosts.Connect();
        hosts.R.TellsPeopleOfAll(
            "proposal_mismatch", "192.0.2.1 offered IKE proposals", "encryption: offered ChaCha20-Poly1305; configured AES-GCM-16-256", "to mend it, at the peer: let it offer aes256gcm16-");
        hosts.I.TellsPeopleOfAll(
            "proposal_mismatch", "192.0.2.2 refused our IKE proposals", "encryption: offered ChaCha20-Poly1305; configured AES-GCM-16-256", "to mend it, at the peer: let it accept chacha20poly1305-");
    }

    [Fact]
    public void NO_PROPOSAL_CHOSEN_of_a_peer_that_does_not_tell_what_it_has_shows_the_offer_and_what_it_must_accept()
    {
        using var hosts = new TwoEngines(settings => Ciphers(settings, ChaCha), settings => Ciphers(settings, Gcm256));
        hosts.Connect(tap: WithoutVendorId);
        hosts.I.TellsPeopleOfAll(
            "proposal_mismatch", "encryption: offered ChaCha20-Poly1305", "key exchange: offered X25519", "at the peer, whose log says what it refuses: let it accept chacha20poly1305-prfsha512-x25519");
        Assert.DoesNotContain(hosts.I.Lines, line => line.Contains("configured", StringComparison.Ordinal));
    }

    [Fact]
    public void NO_PROPOSAL_CHOSEN_for_a_Child_SA_at_both_ends()
    {
        using var hosts = new TwoEngines();
        hosts.I.Adopt(Told.Service with { Encryption = [Gcm128] });
        hosts.R.Adopt(Told.Service with { Encryption = [Gcm256] });
        hosts.Connect();
        hosts.R.TellsPeopleOfAll(
            "proposal_mismatch", "ESP proposals for [[protect]] \"app\"", "encryption: offered AES-GCM-16-128; configured AES-GCM-16-256",
            "to mend it, here, in the [[protect]] of these flows: esp = [\"aes128gcm16\", \"aes256gcm16\"]", "at the peer: let it offer aes256gcm16 for ESP");
        hosts.I.TellsPeopleOfAll(
            "proposal_mismatch", "ESP proposals for [[protect]] \"app\"", "encryption: offered AES-GCM-16-128; configured AES-GCM-16-256",
            "to mend it, here, in the [[protect]] of these flows: esp = [\"aes256gcm16\", \"aes128gcm16\"]", "at the peer: let it accept aes128gcm16 for ESP");
    }

    [Fact]
    public void TS_UNACCEPTABLE_at_both_ends()
    {
        using var hosts = new TwoEngines();
        hosts.I.Adopt(Told.Service with { Ports = [new PortPair(PortRange.Any, new PortRange(7001, 7001))] });
        hosts.R.Adopt(Told.Service with { Ports = [new PortPair(new PortRange(7000, 7000), PortRange.Any)] });
        hosts.Connect(7001);
        hosts.R.TellsPeopleOfAll(
            "child_refused", "local_port: offered 7001; configured 7000", "to mend it, here, in the [[protect]] of these flows: local_port = \"7001\"",
            "at the peer: let its policy cover 192.0.2.1[tcp] === 192.0.2.2[tcp/7000]");
        hosts.I.TellsPeopleOfAll(
            "negotiation_failed", "TS_UNACCEPTABLE", "remote_port: offered 7001; configured 7000", "to mend it, here, in the [[protect]] of these flows: remote_port = \"7000\"",
            "at the peer: let its policy cover 192.0.2.2[tcp/7001] === 192.0.2.1[tcp]");
    }

    [Fact]
    public void TS_UNACCEPTABLE_for_another_protocol_and_another_port_names_both()
    {
        using var hosts = new TwoEngines();
        hosts.I.Adopt(Told.Service with { Ports = [new PortPair(PortRange.Any, new PortRange(7001, 7001))] });
        hosts.R.Adopt(Told.Service with { Protocol = IpProtocol.Udp, Ports = [new PortPair(new PortRange(7000, 7000), PortRange.Any)] });
        hosts.Connect(7001);
        hosts.R.TellsPeopleOfAll("child_refused", "protocol: offered tcp; configured udp", "local_port: offered 7001; configured 7000", "protocol = \"tcp\", local_port = \"7001\"");
    }

    [Fact]
    public void AUTHENTICATION_FAILED_for_an_identity_at_both_ends()
    {
        using var hosts = new TwoEngines();
        Share(hosts, wanted: "c.example.org", secretOfR: "sixteen octets at least");
        hosts.Connect();
        hosts.R.TellsPeopleOfAll(
            "peer_refused", "identity: offered a.example.org (Fqdn); configured c.example.org (Fqdn)", "to mend it, here, in [[peer]] \"i\": id = \"a.example.org\"", "local_id = \"c.example.org\"");
        hosts.I.TellsPeopleOfAll(
            "negotiation_failed", "AUTHENTICATION_FAILED", "identity: offered a.example.org (Fqdn)", "method: offered a shared key", "to mend it, at the peer", "id = \"a.example.org\"", "here, in [[peer]] \"r\": local_id");
    }

    [Fact]
    public void AUTHENTICATION_FAILED_for_a_secret_at_both_ends()
    {
        using var hosts = new TwoEngines();
        Share(hosts, wanted: "a.example.org", secretOfR: "another sixteen octets");
        hosts.Connect();
        hosts.R.TellsPeopleOfAll("peer_refused", "shared key: offered another one, as a.example.org (Fqdn); configured that of secret_file", "to mend it, here, in [[peer]] \"i\": secret_file");
        hosts.I.TellsPeopleOfAll("negotiation_failed", "to mend it, at the peer, whose log says what failed: the same secret");
        Assert.DoesNotContain(hosts.I.Lines.Concat(hosts.R.Lines), line => line.Contains("octets", StringComparison.Ordinal));
    }

    [Fact]
    public void AUTHENTICATION_FAILED_for_a_key_at_both_ends()
    {
        using var hosts = new TwoEngines();
        Assert.True(KeyFingerprint.TryParse("SHA256:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI", out var other));
        hosts.R.Adopt(Told.Service, [new KnownPeer("i", other, [InetPrefix.Of(AddressOfI)])]);
        hosts.Connect();
        hosts.R.TellsPeopleOfAll(
            "peer_refused", $"identity: offered {hosts.I.Key}, asserted as {hosts.I.Key}; configured {other}", $"to mend it, if 'i' has a new key", $"in [[peer]] \"i\": key = \"{hosts.I.Key}\"");
        hosts.I.TellsPeopleOfAll("negotiation_failed", $"key: offered {hosts.I.Key}", $"to mend it, at the peer, whose log says what failed: latchkey pin 192.0.2.1 --key {hosts.I.Key}");
    }

    [Fact]
    public void AUTHENTICATION_FAILED_by_the_initiator_is_explained_at_both_ends()
    {
        using var hosts = new TwoEngines();
        Share(hosts, wanted: "a.example.org", secretOfR: "sixteen octets at least", wantedOfR: "z.example.org");
        hosts.Connect();
        hosts.I.TellsPeopleOfAll("negotiation_failed", "identity: offered b.example.org (Fqdn); configured z.example.org (Fqdn)", "to mend it, here, in [[peer]] \"r\": id = \"b.example.org\"");
        hosts.R.TellsPeopleOfAll("ike_sa_closed", "the peer refused our authentication", "identity: offered b.example.org (Fqdn)", "to mend it, at the peer");
    }

    private static IkeSettings Ciphers(IkeSettings settings, AeadAlgorithm cipher) => settings with { IkeProposals = [.. settings.IkeProposals.Select(p => p with { Encryption = [cipher] })] };

    private static void Share(TwoEngines hosts, string wanted, string secretOfR, string wantedOfR = "b.example.org")
    {
        Adopt(hosts.I, "r", AddressOfR, "sixteen octets at least", own: "a.example.org", wanted: wantedOfR);
        Adopt(hosts.R, "i", AddressOfI, secretOfR, own: "b.example.org", wanted);
    }

    private static void Adopt(Told host, string peer, InetAddress address, string secret, string own, string wanted)
    {
        var (ours, theirs) = (Id(own), Id(wanted));
        var key = new SecretBytes(Encoding.ASCII.GetBytes(secret));
        host.Adopt(
            Told.Service with { Trust = TrustLevel.Known },
            [new KnownPeer(peer, new ProvenName(NameProof.SharedKey, (byte)theirs.Type, theirs.Data.Span).Fingerprint, [InetPrefix.Of(address)])],
            new PeerCredentials(peer, new PeerProof.SharedKey(key), new OwnProof.SharedKey(key)) { OurId = ours, TheirId = theirs });
    }

    private static IkeIdentification Id(string text) => IkeIdentification.TryParse(text, out var id) ? id : throw new ArgumentException(text);

    private static byte[] WithoutVendorId(byte[] message)
    {
        var at = message.AsSpan().IndexOf("Latchkey private"u8);
        byte[] changed = [.. message];
        if (at >= 0)
        {
            changed[at] ^= 1;
        }

        return changed;
    }
}
