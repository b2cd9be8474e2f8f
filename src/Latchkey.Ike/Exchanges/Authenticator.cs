using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// How the two ends of one IKE SA prove who they are (RFC 7296 §2.15): what we assert and sign, what the peer must. Without
/// credentials for its address both do it by bare public keys (RFC 7670), and an ID that says nothing more than the key.
/// </summary>
internal sealed class Authenticator
{
    private static readonly OwnProof OurKey = new OwnProof.Key();
    private static readonly PeerProof AnyKey = new PeerProof.Key(Known: null);

    private readonly HostContext _context;
    private readonly IkeSa _sa;
    private readonly PeerCredentials? _credentials;

    /// <summary>The credentials of today count until IKE_AUTH is done, whatever becomes of the policy meanwhile.</summary>
    public Authenticator(HostContext context, IkeSa sa)
    {
        (_context, _sa) = (context, sa);
        _credentials = context.Policy.CredentialsOf(sa.Remote.Address);
        OurId = _credentials?.OurId ?? DefaultId(OurProof);
        Own = OurProof switch
        {
            OwnProof.SharedKey => new ProvenName(NameProof.SharedKey, (byte)OurId.Type, OurId.Data.Span),
            OwnProof.Certificate => new ProvenName(NameProof.Certificate, (byte)OurId.Type, OurId.Data.Span),
            OwnProof.Null => new ProvenName(NameProof.Null, (byte)IdType.Null, []),
            _ => context.Identity.Public,
        };
    }

    /// <summary>The identity that we prove.</summary>
    public PeerKey Own { get; }

    /// <summary>Until when the certificate counts by which the peer proved itself, on the clock of the host's calls; null: it used none.</summary>
    public TimeSpan? ValidUntil { get; private set; }

    private OwnProof OurProof => _credentials?.Ours ?? OurKey;

    private PeerProof TheirProof => _credentials?.Theirs ?? AnyKey;

    private IkeIdentification OurId { get; }

    /// <summary>The key that is to go into the keys of this IKE SA, or null.</summary>
    public PostquantumKey? Ppk => _credentials?.Ppk;

    /// <summary>A mandatory PPK is not had.</summary>
    public Unproved WithoutPpk(string came) => new(
        $"{Named} must use the postquantum preshared key of its [[peer]] (RFC 8784), and does not: {came}", "ppk", came, Ppk is { } key ? Encoding.UTF8.GetString(key.Id.Span) : "none",
        $"here, {Entry}: ppk_required = false, or the peer's ppk_id and ppk_file", "at the peer: the same ppk_id and ppk_file (strongSwan: ppk_id, and a secret ppk-… with the same id)");

    /// <summary>"as gw.example.org by a shared key", for messages about a refusal.</summary>
    public string OurClaim => $"as {OurId} by {Method(OurProof)}";

    /// <summary>The peer does not believe us. It does not say why: that would help whoever tries.</summary>
    public Refusal OurRefusal => new(
        [new Difference("identity", [Typed(OurId)], []), new Difference("method", [Method(OurProof)], []), .. OurProof is OwnProof.Key ? [new Difference("key", [_context.Identity.Public.Fingerprint.ToString()], [])] : ImmutableArray<Difference>.Empty],
        [
            OurProof switch
            {
                OwnProof.SharedKey => $"at the peer, whose log says what failed: the same secret, and id = \"{OurId}\" in its [[peer]] for this host (strongSwan, remote: id = {OurId})",
                OwnProof.Null => $"at the peer, whose log says what failed: auth = \"null\" in a [[peer]] for this host (Libreswan: rightauth=null)",
                OwnProof.Certificate => $"at the peer, whose log says what failed: the authority of our certificate, and id = \"{OurId}\" in its [[peer]] for this host (strongSwan, remote: id = {OurId})",
                _ => $"at the peer, whose log says what failed: latchkey pin {_sa.Local.Address} --key {_context.Identity.Public.Fingerprint}",
            },
            $"here, {Entry}: local_id and local_auth as the peer wants them",
        ]);

    public IdentificationPayload IdPayload(bool ofInitiator) => new(ofInitiator, (byte)OurId.Type, OurId.Data.ToArray());

    /// <summary>What the peer needs in order to verify our signature.</summary>
    public IEnumerable<IkePayload> Certificates => OurProof switch
    {
        OwnProof.Certificate => Certificate.Chain.Select(der => new CertificatePayload(CertificateEncoding.X509Signature, der)),
        OwnProof.Key => [new CertificatePayload(CertificateEncoding.RawPublicKey, _context.Identity.Public.SubjectPublicKeyInfo.ToArray())],
        _ => [],
    };

    /// <summary>What we need in order to verify the peer's.</summary>
    public IEnumerable<IkePayload> CertificateRequests => TheirProof switch
    {
        PeerProof.Certificate { Authority: var authority } => [new CertificateRequestPayload(CertificateEncoding.X509Signature, authority.KeyHashes)],
        PeerProof.Key => [new CertificateRequestPayload(CertificateEncoding.RawPublicKey, [])],
        _ => [],
    };

    /// <param name="what">What our AUTH is over.</param>
    /// <returns>False when the peer accepts no hash that our key can sign with.</returns>
    public bool TryProve(SignedOctets what, IReadOnlyCollection<ushort> peerHashes, [NotNullWhen(true)] out AuthPayload? auth, [NotNullWhen(false)] out string? error)
    {
        error = null;
        if (OurProof is OwnProof.SharedKey { Secret: var secret })
        {
            auth = AuthSharedKey.Make(secret, what);
            return true;
        }

        if (OurProof is OwnProof.Null)
        {
            auth = AuthSharedKey.MakeNull(what);
            return true;
        }

        if (!AuthSignature.TrySign(_context.Identity, peerHashes, what, out auth))
        {
            error = $"the peer accepts no signature that our {_context.Identity.Public.Algorithm} key can make";
        }

        return auth is not null;
    }

    /// <summary>Verifies what the peer asserts. What it proved is its key, or a name.</summary>
    /// <param name="what">What its AUTH is over.</param>
    /// <param name="error">What was expected and what came.</param>
    public bool TryVerify(
        SignedOctets what, PayloadSet payloads, AuthPayload auth, IdentificationPayload id, [NotNullWhen(true)] out PeerKey? peer, [NotNullWhen(false)] out Unproved? error)
    {
        peer = null;
        var asserted = new IkeIdentification((IdType)id.IdType, id.Data);
        if (_credentials?.TheirId is { } wanted && !wanted.Names(asserted))
        {
            error = new Unproved(
                $"{Named} must assert the ID {wanted}, and asserts {asserted} ({asserted.Type})", "identity", Typed(asserted), Typed(wanted),
                $"here, {Entry}: id = \"{asserted}\"", $"at the peer: let it assert {wanted} (Latchkey: local_id = \"{wanted}\"; strongSwan, local: id = {wanted})");
            return false;
        }

        // One name has several encodings; whoever proves it is the name as the configuration has it.
        var name = _credentials?.TheirId ?? asserted;
        (peer, error) = TheirProof switch
        {
            PeerProof.SharedKey { Secret: var secret } => BySharedKey(secret, what, auth, name),
            PeerProof.Certificate { Authority: var authority } => ByCertificate(authority, what, payloads, auth, name),
            PeerProof.Key { Known: var known } => ByKey(known, what, payloads, auth),
            PeerProof.Null => ByNothing(what, auth),
            _ => throw new InvalidOperationException("a proof of no kind"),
        };
        return peer is not null;
    }

    private LocalCertificate Certificate => _context.Settings.Certificate ?? throw new InvalidOperationException("credentials that need a certificate of ours, and there is none");

    private string Named => _credentials is { Peer: var name } ? $"the peer '{name}'" : "the peer";

    /// <summary>Where a person configures the peer.</summary>
    private string Entry => _credentials is { Peer: var name } ? $"in [[peer]] \"{name}\"" : $"in a [[peer]] with addresses = [\"{_sa.Remote.Address}\"]";

    private (PeerKey? Peer, Unproved? Error) BySharedKey(SecretBytes secret, SignedOctets what, AuthPayload auth, IkeIdentification name)
    {
        if (auth.Method != AuthMethod.SharedKey)
        {
            return (null, new Unproved(
                $"{Named} must prove itself by a shared key, and does so by {Text(auth)}", "method", Text(auth), "a shared key",
                $"here, {Entry}: auth = \"key\" or \"certificate\"", "at the peer: a shared key (Latchkey: local_auth = \"psk\"; strongSwan, local: auth = psk)"));
        }

        return AuthSharedKey.Verify(secret, what, auth)
            ? (new ProvenName(NameProof.SharedKey, (byte)name.Type, name.Data.Span), null)
            : (null, new Unproved(
                $"{Named}, which asserts {name}, has another shared key than this host", "shared key", $"another one, as {Typed(name)}", "that of secret_file",
                $"here, {Entry}: secret_file with the peer's secret", "at the peer: this host's secret"));
    }

    private (PeerKey? Peer, Unproved? Error) ByCertificate(CertificateAuthority authority, SignedOctets what, PayloadSet payloads, AuthPayload auth, IkeIdentification name)
    {
        var chain = payloads.Certificates(CertificateEncoding.X509Signature).Select(c => c.Data).ToList();
        if (chain.Count == 0)
        {
            return (null, new Unproved(
                $"{Named} must prove itself by a certificate of {authority}, and sends none ({Text(auth)})", "certificate", "none", $"one of {authority}",
                $"here, {Entry}: auth = \"key\" or \"psk\"", "at the peer: a certificate (Latchkey: local_auth = \"certificate\"; strongSwan: send_cert = always)"));
        }

        if (!authority.TryVerify(chain, _context.Settings.Origin + _context.Now, out var certificate, out var error))
        {
            return (null, new Unproved(
                $"{Named} is refused: {error}", "certificate", error, $"one of {authority}",
                $"here, {Entry}: ca_file with the authority that signed it, and its revocation list of today", $"at the peer: a valid certificate of {authority}"));
        }

        if (!name.IsIn(certificate))
        {
            return (null, new Unproved(
                $"{Named} asserts {name}, and its certificate \"{certificate.Text}\" does not have that name", "identity", Typed(name), $"the names of \"{certificate.Text}\"",
                $"here, {Entry}: an id that the certificate has", $"at the peer: a certificate with the name {name}"));
        }

        ValidUntil = certificate.ValidUntil - _context.Settings.Origin;
        return AuthSignature.Verify(certificate.Key, auth, what)
            ? (new ProvenName(NameProof.Certificate, (byte)name.Type, name.Data.Span), null)
            : (null, new Unproved(
                $"the AUTH of {Named} ({Text(auth)}) does not verify with the key of its certificate \"{certificate.Text}\"", "signature", Text(auth), "a signature (RFC 7427) with the certificate's key",
                "at the peer: the private key that belongs to its certificate, and signatures of RFC 7427"));
    }

    /// <summary>
    /// What the peer asserts counts for nothing (RFC 7619 §2.2). It is nobody but the other end of this IKE SA, and no other
    /// IKE SA has the same.
    /// </summary>
    private (PeerKey? Peer, Unproved? Error) ByNothing(SignedOctets what, AuthPayload auth) => AuthSharedKey.VerifyNull(what, auth)
        ? (new ProvenName(NameProof.Null, (byte)IdType.Null, SHA256.HashData(what.Octets)), null)
        : (null, auth.Method == AuthMethod.Null
            ? new Unproved($"the AUTH of {Named} is not one of this IKE SA", "method", "NULL, of another IKE SA", "NULL (RFC 7619)", "at the peer: nothing; somebody changed what it sent")
            : new Unproved(
                $"{Named} may not prove itself, and does so by {Text(auth)}", "method", Text(auth), "NULL (RFC 7619)",
                $"here, {Entry}: auth = \"key\", \"psk\" or \"certificate\"", "at the peer: NULL (Latchkey: local_auth = \"null\"; Libreswan: leftauth=null)"));

    private (PeerKey? Peer, Unproved? Error) ByKey(PeerKey? known, SignedOctets what, PayloadSet payloads, AuthPayload auth)
    {
        if (auth.Method != AuthMethod.DigitalSignature)
        {
            return (null, new Unproved(
                $"{Named} must prove itself by a signature (RFC 7427) with its own key, and does so by {Text(auth)}", "method", Text(auth), "a signature (RFC 7427)",
                $"here, {Entry}: auth = {(auth.Method == AuthMethod.Null ? "\"null\", and nobody knows who it is" : "\"psk\" or \"certificate\"")}", "at the peer: its public key (Latchkey: local_auth = \"key\"; strongSwan, local: auth = pubkey)"));
        }

        var (key, error) = KeyOf(known, payloads);
        return key is null ? (null, error)
            : AuthSignature.Verify(key, auth, what) ? (key, null)
            : (null, new Unproved(
                $"the AUTH of {Named} does not verify with its key {key.Fingerprint}", "signature", "one of another key", $"one of {key.Fingerprint}",
                known is null ? "at the peer: it signs with another key than it sends" : $"here, {Entry}: public_key_file with the key that the peer has now"));
    }

    /// <summary>The key that is known, else the one that came: bare, or in a certificate of which nothing else is believed.</summary>
    private (PeerKey? Key, Unproved? Error) KeyOf(PeerKey? known, PayloadSet payloads)
    {
        if (known is not null)
        {
            return (known, null);
        }

        if (payloads.Certificates(CertificateEncoding.RawPublicKey).FirstOrDefault() is not { } bare)
        {
            return (null, new Unproved(
                $"{Named} sent no raw public key (RFC 7670)", "key", "none", "a raw public key", $"here, {Entry}: public_key_file with the peer's public key"));
        }

        return PeerKey.TryRead(bare.Data, out var key, out var unreadable)
            ? (key, null)
            : (null, new Unproved($"the public key of {Named} cannot be used: {unreadable}", "key", unreadable, "Ed25519, ECDSA or RSA", "at the peer: a key of such a kind"));
    }

    private static string Typed(IkeIdentification id) => $"{id} ({id.Type})";

    private IkeIdentification DefaultId(OwnProof proof) => proof switch
    {
        OwnProof.SharedKey => IkeIdentification.Of(_sa.Local.Address),
        OwnProof.Null => new IkeIdentification(IdType.Null, ReadOnlyMemory<byte>.Empty),
        OwnProof.Certificate => Certificate.Names.DnsNames is [var name, ..]
            ? new IkeIdentification(IdType.Fqdn, Encoding.ASCII.GetBytes(name))
            : new IkeIdentification(IdType.DerAsn1Dn, Certificate.Names.Subject),
        // The SHA-256 of our SubjectPublicKeyInfo: the PUBLICKEY identity of RFC 5386 §2 has no wire form of its own.
        _ => new IkeIdentification(IdType.KeyId, _context.Identity.Public.Fingerprint.ToBytes()),
    };

    private static string Method(OwnProof proof) => proof switch
    {
        OwnProof.SharedKey => "a shared key",
        OwnProof.Certificate => "a certificate",
        OwnProof.Null => "nothing at all (NULL)",
        _ => "a bare public key",
    };

    private static string Text(AuthPayload auth) => auth.Method switch
    {
        AuthMethod.SharedKey => "a shared key",
        AuthMethod.DigitalSignature => "a signature",
        AuthMethod.Null => "nothing at all (NULL)",
        _ => $"the method {(byte)auth.Method} of RFC 7296, which is not accepted; RFC 7427 replaced it",
    };
}
