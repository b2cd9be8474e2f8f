using System.Diagnostics.CodeAnalysis;
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
            _ => context.Identity.Public,
        };
    }

    /// <summary>The identity that we prove.</summary>
    public PeerKey Own { get; }

    private OwnProof OurProof => _credentials?.Ours ?? OurKey;

    private PeerProof TheirProof => _credentials?.Theirs ?? AnyKey;

    private IkeIdentification OurId { get; }

    /// <summary>"as gw.example.org by a shared key", for messages about a refusal.</summary>
    public string OurClaim => $"as {OurId} by {Method(OurProof)}";

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
        SignedOctets what, PayloadSet payloads, AuthPayload auth, IdentificationPayload id, [NotNullWhen(true)] out PeerKey? peer, [NotNullWhen(false)] out string? error)
    {
        peer = null;
        var asserted = new IkeIdentification((IdType)id.IdType, id.Data);
        if (_credentials?.TheirId is { } wanted && !wanted.Names(asserted))
        {
            error = $"{Named} must assert the ID {wanted}, and asserts {asserted} ({asserted.Type}); if that is right, write id = \"{asserted}\" into its [[peer]]";
            return false;
        }

        // One name has several encodings; whoever proves it is the name as the configuration has it.
        var name = _credentials?.TheirId ?? asserted;
        (peer, error) = TheirProof switch
        {
            PeerProof.SharedKey { Secret: var secret } => BySharedKey(secret, what, auth, name),
            PeerProof.Certificate { Authority: var authority } => ByCertificate(authority, what, payloads, auth, name),
            PeerProof.Key { Known: var known } => ByKey(known, what, payloads, auth),
            _ => throw new InvalidOperationException("a proof of no kind"),
        };
        return peer is not null;
    }

    private LocalCertificate Certificate => _context.Settings.Certificate ?? throw new InvalidOperationException("credentials that need a certificate of ours, and there is none");

    private string Named => _credentials is { Peer: var name } ? $"the peer '{name}'" : "the peer";

    private (PeerKey? Peer, string? Error) BySharedKey(SecretBytes secret, SignedOctets what, AuthPayload auth, IkeIdentification name)
    {
        if (auth.Method != AuthMethod.SharedKey)
        {
            return (null, $"{Named} must prove itself by a shared key, and does so by {Text(auth)}; its [[peer]] says otherwise with auth = \"key\" or \"certificate\"");
        }

        return AuthSharedKey.Verify(secret, what, auth)
            ? (new ProvenName(NameProof.SharedKey, (byte)name.Type, name.Data.Span), null)
            : (null, $"{Named}, which asserts {name}, has another shared key than this host; put the same secret into both");
    }

    private (PeerKey? Peer, string? Error) ByCertificate(CertificateAuthority authority, SignedOctets what, PayloadSet payloads, AuthPayload auth, IkeIdentification name)
    {
        var chain = payloads.Certificates(CertificateEncoding.X509Signature).Select(c => c.Data).ToList();
        if (chain.Count == 0)
        {
            return (null, $"{Named} must prove itself by a certificate of {authority}, and sends none ({Text(auth)})");
        }

        if (!authority.TryVerify(chain, _context.Settings.Origin + _context.Now, out var certificate, out var error))
        {
            return (null, $"{Named} is refused: {error}");
        }

        if (!name.IsIn(certificate))
        {
            return (null, $"{Named} asserts {name}, and its certificate \"{certificate.Text}\" does not have that name; give it one that has, or another id");
        }

        return AuthSignature.Verify(certificate.Key, auth, what)
            ? (new ProvenName(NameProof.Certificate, (byte)name.Type, name.Data.Span), null)
            : (null, $"the AUTH of {Named} ({Text(auth)}) does not verify with the key of its certificate \"{certificate.Text}\"");
    }

    private (PeerKey? Peer, string? Error) ByKey(PeerKey? known, SignedOctets what, PayloadSet payloads, AuthPayload auth)
    {
        if (auth.Method != AuthMethod.DigitalSignature)
        {
            return (null, $"{Named} must prove itself by a signature (RFC 7427) with its own key, and does so by {Text(auth)}; tell that host, or say auth = \"psk\" in its [[peer]]");
        }

        var (key, error) = KeyOf(known, payloads);
        return key is null ? (null, error)
            : AuthSignature.Verify(key, auth, what) ? (key, null)
            : (null, $"the AUTH of {Named} does not verify with its key {key.Fingerprint}");
    }

    /// <summary>The key that is known, else the one that came: bare, or in a certificate of which nothing else is believed.</summary>
    private (PeerKey? Key, string? Error) KeyOf(PeerKey? known, PayloadSet payloads)
    {
        if (known is not null)
        {
            return (known, null);
        }

        if (payloads.Certificates(CertificateEncoding.RawPublicKey).FirstOrDefault() is not { } bare)
        {
            return (null, $"{Named} sent no raw public key (RFC 7670); if its software cannot, give it a [[peer]] with its public_key_file");
        }

        return PeerKey.TryRead(bare.Data, out var key, out var unreadable) ? (key, null) : (null, $"the public key of {Named} cannot be used: {unreadable}");
    }

    private IkeIdentification DefaultId(OwnProof proof) => proof switch
    {
        OwnProof.SharedKey => IkeIdentification.Of(_sa.Local.Address),
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
