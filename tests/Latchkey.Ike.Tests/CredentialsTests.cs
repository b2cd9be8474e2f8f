using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Crypto;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>Proofs other than a bare key that is sent along: shared keys, known keys, certificates, and IDs of all types.</summary>
public sealed class CredentialsTests : IDisposable
{
    private const string NameOfB = "b.example.org";
    private static readonly DateTime Today = new(2026, 11, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly Authority _authority = new("CN=Root");
    private readonly SigningKey _key = SigningKey.Generate(new SeededRandom(1));

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
    }

    [Fact]
    public void A_shared_key_proves_both_ends_by_the_names_they_assert()
    {
        using var pair = new Pair();
        Share(pair, "sixteen octets at least", "sixteen octets at least");
        pair.Establish();

        var (a, b) = (pair.A.Only<IkeSaEstablished>(), pair.B.Only<IkeSaEstablished>());
        Assert.Equal("shared key", a.Key.ProvedBy);
        Assert.Equal(Name(NameProof.SharedKey, NameOfB), a.Key);
        // What each end takes the other for is what that one takes itself for: bindings are the same at both.
        Assert.Equal((a.Own, a.Key), (b.Key, b.Own));
        Assert.Equal(a.AuthDigest.ToArray(), b.AuthDigest.ToArray());
        Assert.Single(pair.A.Said<ChildEstablished>());
    }

    [Fact]
    public void Another_shared_key_is_refused_at_the_responder_and_said_at_both_ends()
    {
        using var pair = new Pair();
        Share(pair, "sixteen octets at least", "another sixteen octets at least");
        pair.A.Initiate(pair.B);
        pair.Run();

        Assert.Empty(pair.A.Said<IkeSaEstablished>());
        Assert.Empty(pair.B.Said<AuthorizePeer>());
        Assert.Contains("has another shared key than this host", pair.B.Only<PeerUnproved>().Text, StringComparison.Ordinal);
        var closed = pair.A.Only<IkeSaClosed>();
        Assert.Equal(CloseReason.RefusedByPeer, closed.Reason);
        Assert.Contains("we proved ourselves as a.example.org by a shared key", closed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_initiator_refuses_a_responder_with_another_shared_key()
    {
        using var pair = new Pair();
        Share(pair, "sixteen octets at least", "sixteen octets at least");
        // The responder believes A's proof, and gives its own with another secret.
        pair.B.Policy.Credentials = pair.B.Policy.Credentials! with { Ours = new OwnProof.SharedKey(Secret("another sixteen octets at least")) };
        pair.A.Initiate(pair.B);
        pair.Run();

        Assert.Empty(pair.A.Said<IkeSaEstablished>());
        Assert.Equal(CloseReason.PeerNotAuthenticated, pair.A.Only<IkeSaClosed>().Reason);
    }

    [Fact]
    public void A_bare_key_is_not_taken_for_a_shared_key_and_a_shared_key_not_for_a_bare_key()
    {
        using var pair = new Pair();
        Share(pair, "sixteen octets at least", "sixteen octets at least");
        pair.A.Policy.Credentials = null;
        pair.A.Initiate(pair.B);
        pair.Run();
        Assert.Contains("must prove itself by a shared key, and does so by a signature", pair.B.Only<PeerUnproved>().Text, StringComparison.Ordinal);

        pair.B.Initiate(pair.A);
        pair.Run();
        Assert.Contains("must prove itself by a signature (RFC 7427) with its own key, and does so by a shared key", pair.A.Only<PeerUnproved>().Text, StringComparison.Ordinal);
        Assert.Empty(pair.A.Said<IkeSaEstablished>().Concat(pair.B.Said<IkeSaEstablished>()));
    }

    [Theory]
    [InlineData("192.0.2.7", IdType.Ipv4Address)]
    [InlineData("2001:db8::7", IdType.Ipv6Address)]
    [InlineData("gw.example.org", IdType.Fqdn)]
    [InlineData("root@example.org", IdType.Rfc822Address)]
    [InlineData("C=CH, O=Example, CN=gw", IdType.DerAsn1Dn)]
    [InlineData("keyid:00ff", IdType.KeyId)]
    public void Every_type_of_ID_is_read_written_and_demanded(string text, IdType type)
    {
        Assert.True(IkeIdentification.TryParse(text, out var id));
        Assert.Equal((type, text), (id.Type, id.ToString()));

        using var pair = new Pair();
        Share(pair, "sixteen octets at least", "sixteen octets at least");
        pair.A.Policy.Credentials = pair.A.Policy.Credentials! with { OurId = id };
        pair.B.Policy.Credentials = pair.B.Policy.Credentials! with { TheirId = id };
        pair.Establish();
        Assert.Equal(id, pair.B.Only<AuthorizePeer>().Id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("keyid:")]
    [InlineData("keyid:0")]
    [InlineData("O=")]
    public void What_is_no_ID_is_refused(string text) => Assert.False(IkeIdentification.TryParse(text, out var id) && id.Data.Length > 0 && !text.EndsWith('='));

    [Fact]
    public void Another_ID_than_the_configured_one_is_refused_and_both_are_named()
    {
        using var pair = new Pair();
        Share(pair, "sixteen octets at least", "sixteen octets at least");
        pair.B.Policy.Credentials = pair.B.Policy.Credentials! with { TheirId = Id("c.example.org") };
        pair.A.Initiate(pair.B);
        pair.Run();
        Assert.Contains("must assert the ID c.example.org, and asserts a.example.org (Fqdn)", pair.B.Only<PeerUnproved>().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Distinguished_names_are_equal_however_their_strings_are_encoded()
    {
        var printable = new X500DistinguishedName("CN=gw", X500DistinguishedNameFlags.None).RawData;
        var utf8 = printable.ToArray();
        utf8[^4] = 0x0c;
        Assert.NotEqual(printable, utf8);
        Assert.True(new IkeIdentification(IdType.DerAsn1Dn, printable).Names(new IkeIdentification(IdType.DerAsn1Dn, utf8)));
        Assert.False(new IkeIdentification(IdType.DerAsn1Dn, printable).Names(Id("CN=other")));
    }

    [Fact]
    public void A_known_key_need_not_be_sent_and_no_other_counts()
    {
        using var pair = new Pair();
        pair.A.Policy.Credentials = new PeerCredentials("b", new PeerProof.Key(pair.B.Key.Public), new OwnProof.Key());
        pair.Establish();
        Assert.Equal(pair.B.Key.Public, pair.A.Only<IkeSaEstablished>().Key);

        using var other = new Pair(seed: 2);
        other.A.Policy.Credentials = new PeerCredentials("b", new PeerProof.Key(pair.B.Key.Public), new OwnProof.Key());
        other.B.Initiate(other.A);
        other.Run();
        Assert.Contains("does not verify with its key", Assert.Single(other.A.Said<PeerUnproved>()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_proves_the_name_it_has()
    {
        using var pair = Certified(_authority, NameOfB, Today.AddDays(-1), Today.AddDays(1));
        pair.A.Initiate(pair.B);
        pair.Run();
        var a = pair.A.Only<IkeSaEstablished>();
        Assert.Equal(Name(NameProof.Certificate, NameOfB), a.Key);
        Assert.Equal("certificate", a.Key.ProvedBy);
        Assert.Equal(a.Key, pair.B.Only<IkeSaEstablished>().Own);
    }

    [Fact]
    public void A_certificate_without_the_asserted_name_is_refused()
    {
        using var pair = Certified(_authority, "other.example.org", Today.AddDays(-1), Today.AddDays(1));
        Assert.Contains($"does not have that name", Refusal(pair), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_that_has_expired_is_refused()
    {
        using var pair = Certified(_authority, NameOfB, Today.AddDays(-9), Today.AddDays(-1));
        Assert.Contains("valid 2026-10-23 00:00:00Z to 2026-10-31 00:00:00Z", Refusal(pair), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_of_another_authority_is_refused()
    {
        using var another = new Authority("CN=Another");
        using var pair = Certified(another, NameOfB, Today.AddDays(-1), Today.AddDays(1));
        Assert.Contains("does not lead to the authority CN=Root", Refusal(pair), StringComparison.Ordinal);
    }

    [Fact]
    public void An_IKE_SA_does_not_outlive_the_certificate_that_it_rests_on()
    {
        using var pair = Certified(_authority, NameOfB, Today.AddDays(-1), Today.AddHours(5));
        pair.A.Initiate(pair.B);
        pair.Run(TimeSpan.FromHours(4.8));
        Assert.Empty(pair.A.Said<ReauthenticationDue>());
        pair.Run(TimeSpan.FromHours(0.19));
        Assert.NotEmpty(pair.A.Said<ReauthenticationDue>());
        Assert.Empty(pair.A.Said<IkeSaClosed>());
        pair.Run(TimeSpan.FromHours(0.01));
        Assert.Equal(CloseReason.AuthenticationExpired, pair.A.Only<IkeSaClosed>().Reason);
        // B was shown a key, which does not end.
        Assert.Empty(pair.B.Said<ReauthenticationDue>());
    }

    [Fact]
    public void Nor_an_authority_that_vouches_for_it_nor_its_revocation_list()
    {
        var at = Today - DateTime.UnixEpoch;
        Assert.True(LocalCertificate.TryReadPem(_authority.Certify(_key.Public, NameOfB, Today, Today.AddDays(60)), _key, out var own, out _));
        Assert.Equal(Today.AddDays(30), Until(_authority.Pem));
        Assert.Equal(Today.AddDays(2), Until($"{_authority.Pem}\n{_authority.RevocationList(Today.AddDays(2))}"));

        DateTime Until(string pem)
        {
            Assert.True(CertificateAuthority.TryReadPem(pem, out var authority, out var unreadable), unreadable);
            Assert.True(authority.TryVerify(own.Chain, at, out var verified, out var error), error);
            return DateTime.UnixEpoch + verified.ValidUntil;
        }
    }

    [Fact]
    public void A_name_that_was_proved_is_never_equal_to_a_key_and_verifies_nothing()
    {
        var name = new ProvenName(NameProof.SharedKey, (byte)IdType.Fqdn, "b"u8);
        Assert.False(PeerKey.TryRead(name.SubjectPublicKeyInfo, out _, out _));
        Assert.True(PeerKey.TryRestore(name.SubjectPublicKeyInfo, out var restored));
        Assert.Equal(name, restored);
        Assert.NotEqual(name, new ProvenName(NameProof.Certificate, (byte)IdType.Fqdn, "b"u8));
        Assert.NotEqual(name, new ProvenName(NameProof.SharedKey, (byte)IdType.KeyId, "b"u8));
    }

    private static string Refusal(Pair pair)
    {
        pair.A.Initiate(pair.B);
        pair.Run();
        Assert.Empty(pair.A.Said<IkeSaEstablished>());
        var closed = pair.A.Only<IkeSaClosed>();
        Assert.Equal(CloseReason.PeerNotAuthenticated, closed.Reason);
        return closed.Text;
    }

    private Pair Certified(Authority issuer, string name, DateTime from, DateTime to)
    {
        LocalCertificate? own = null;
        // B's key is made by its seed, so a first pair tells it.
        using (var rehearsal = new Pair())
        {
            Assert.True(LocalCertificate.TryReadPem(issuer.Certify(rehearsal.B.Key.Public, name, from, to), rehearsal.B.Key, out own, out var error), error);
        }

        Assert.True(CertificateAuthority.TryReadPem(_authority.Pem, out var authority, out var unreadable), unreadable);
        var pair = new Pair(Pair.Settings() with { Origin = Today - DateTime.UnixEpoch }, Pair.Settings() with { Origin = Today - DateTime.UnixEpoch, Certificate = own });
        pair.A.Policy.Credentials = new PeerCredentials("b", new PeerProof.Certificate(authority), new OwnProof.Key()) { TheirId = Id(NameOfB) };
        pair.B.Policy.Credentials = new PeerCredentials("a", new PeerProof.Key(null), new OwnProof.Certificate()) { OurId = Id(NameOfB) };
        return pair;
    }

    private static void Share(Pair pair, string secretOfA, string secretOfB)
    {
        PeerCredentials With(string secret, string own, string peer) =>
            new(peer, new PeerProof.SharedKey(Secret(secret)), new OwnProof.SharedKey(Secret(secret))) { OurId = Id(own) };
        pair.A.Policy.Credentials = With(secretOfA, "a.example.org", "b");
        pair.B.Policy.Credentials = With(secretOfB, NameOfB, "a");
    }

    private static SecretBytes Secret(string text) => new(System.Text.Encoding.ASCII.GetBytes(text));

    private static IkeIdentification Id(string text) => IkeIdentification.TryParse(text, out var id) ? id : throw new ArgumentException(text, nameof(text));

    private static ProvenName Name(NameProof proof, string name) => new(proof, (byte)IdType.Fqdn, Id(name).Data.Span);

    /// <summary>An authority of the base library's making.</summary>
    private sealed class Authority : IDisposable
    {
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly X509Certificate2 _certificate;

        public Authority(string name)
        {
            var request = new CertificateRequest(name, _key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            _certificate = request.CreateSelfSigned(Today.AddDays(-30), Today.AddDays(30));
        }

        public string Pem => _certificate.ExportCertificatePem();

        public string Certify(PeerKey key, string name, DateTime from, DateTime to)
        {
            var request = new CertificateRequest(
                new X500DistinguishedName("CN=b"), PublicKey.CreateFromSubjectPublicKeyInfo(key.SubjectPublicKeyInfo, out _), HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(name);
            request.CertificateExtensions.Add(names.Build());
            using var made = request.Create(_certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), from, to, [1, 2, 3]);
            return made.ExportCertificatePem();
        }

        public string RevocationList(DateTime until) => PemEncoding.WriteString("X509 CRL", new CertificateRevocationListBuilder().Build(
            _certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), 1, until, HashAlgorithmName.SHA256,
            X509AuthorityKeyIdentifierExtension.CreateFromIssuerNameAndSerialNumber(_certificate.SubjectName, _certificate.SerialNumberBytes.Span), Today.AddDays(-1)));

        public void Dispose()
        {
            _key.Dispose();
            _certificate.Dispose();
        }
    }
}
