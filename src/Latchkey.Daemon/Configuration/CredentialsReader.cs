using System.Collections.Immutable;
using System.Text;
using Latchkey.Crypto;
using Latchkey.Daemon.Identity;
using Latchkey.Ike;
using Latchkey.Wire;

namespace Latchkey.Daemon.Configuration;

/// <summary>Reads from a [[peer]] how that peer proves itself, and this host to it.</summary>
/// <param name="folder">Where relative paths begin.</param>
internal sealed class CredentialsReader(TomlSection section, string folder, bool weHaveCertificate)
{
    private const int FileMaximum = 1 << 20;

    /// <summary>Whoever answers in the peer's place can try secrets offline (RFC 7296 §2.15).</summary>
    private const int SecretMinimum = 16;

    /// <summary>256 bits, of which a quantum computer leaves 128 (RFC 8784 §6).</summary>
    private const int PpkMinimum = 32;

    private const string FingerprintRemedy = "run 'latchkey fingerprint' on the peer and copy what it prints";

    private enum Kind
    {
        Key,
        SharedKey,
        Certificate,
        Null,
    }

    private static readonly Dictionary<string, Kind> Kinds = new() { ["key"] = Kind.Key, ["psk"] = Kind.SharedKey, ["certificate"] = Kind.Certificate, ["null"] = Kind.Null };

    /// <summary>Null when something is missing or wrong; it was refused then.</summary>
    /// <returns>The identity that latches are tied to, and credentials unless a bare public key says everything.</returns>
    public (KeyFingerprint Identity, PeerCredentials? Credentials)? Read(string name, ImmutableArray<InetPrefix> addresses)
    {
        var theirs = section.Choice("auth", Kind.Key, Kinds);
        var ours = section.Choice("local_auth", theirs, Kinds);
        var fingerprint = Fingerprint(theirs);
        var known = PublicKey(theirs);
        var secret = Secret(theirs, ours);
        var authority = Authority(theirs);
        if (theirs == Kind.Null)
        {
            section.RefuseIneffective("id", "what somebody asserts who proves nothing counts for nothing", "take it out");
        }

        if (ours == Kind.Null)
        {
            section.RefuseIneffective("local_id", "this host proves nothing to the peer, and is nobody", "take it out");
        }

        var id = Id("id") ?? (theirs == Kind.SharedKey && addresses is [var only] && only.Length == only.Address.BitLength ? IkeIdentification.Of(only.Address) : null);
        var localId = Id("local_id");
        var ppk = Ppk();
        if (ours == Kind.Certificate && !weHaveCertificate)
        {
            section.Refuse("auth", "this host has no certificate to prove itself to the peer with", "name it in [identity] with certificate_file, or write local_auth = \"key\"");
        }

        if (theirs is Kind.SharedKey or Kind.Certificate && id is null && !section.Has("id"))
        {
            section.Refuse("id", "[[peer]] does not say which ID the peer asserts", "add for example id = \"gw.example.org\"; it is what latches are tied to");
        }

        return (theirs, id) switch
        {
            (Kind.Key, _) when known is not null => (known.Fingerprint, Credentials(new PeerProof.Key(known))),
            (Kind.Key, _) when fingerprint is { } key => (key, ours != Kind.Key || id is not null || localId is not null || ppk is not null ? Credentials(new PeerProof.Key(Known: null)) : null),
            (Kind.SharedKey, { } named) when secret is not null => (Identity(NameProof.SharedKey, named), Credentials(new PeerProof.SharedKey(secret))),
            (Kind.Certificate, { } named) when authority is not null => (Identity(NameProof.Certificate, named), Credentials(new PeerProof.Certificate(authority))),
            (Kind.Null, _) => (new ProvenName(NameProof.Null, (byte)IdType.Null, Encoding.UTF8.GetBytes(name)).Fingerprint, Credentials(new PeerProof.Null())),
            _ => null,
        };

        PeerCredentials? Credentials(PeerProof proof) => Own(ours, secret) is { } own ? new PeerCredentials(name, proof, own) { TheirId = id, OurId = localId, Ppk = ppk } : null;
    }

    private static KeyFingerprint Identity(NameProof proof, IkeIdentification id) => new ProvenName(proof, (byte)id.Type, id.Data.Span).Fingerprint;

    private static OwnProof? Own(Kind kind, SecretBytes? secret) => kind switch
    {
        Kind.Key => new OwnProof.Key(),
        Kind.Certificate => new OwnProof.Certificate(),
        Kind.Null => new OwnProof.Null(),
        _ => secret is null ? null : new OwnProof.SharedKey(secret),
    };

    private KeyFingerprint? Fingerprint(Kind theirs)
    {
        if (theirs != Kind.Key)
        {
            section.RefuseIneffective("key", "the peer proves itself otherwise", "take it out, or write auth = \"key\"");
            return null;
        }

        if (section.Has("public_key_file"))
        {
            section.RefuseIneffective("key", "public_key_file holds the key itself", "keep one of the two");
            return null;
        }

        if (!section.Has("key"))
        {
            section.Refuse("key", "[[peer]] does not say which key speaks for it", $"add key = \"SHA256:…\"; {FingerprintRemedy}");
            return null;
        }

        if (section.Text("key", "a fingerprint \"SHA256:…\"", "key = \"SHA256:…\"") is not { } text)
        {
            return null;
        }

        if (KeyFingerprint.TryParse(text, out var fingerprint))
        {
            return fingerprint;
        }

        section.Refuse("key", $"'key' must be SHA256: followed by 43 base64 digits, not \"{text}\"", FingerprintRemedy);
        return null;
    }

    private PeerKey? PublicKey(Kind theirs)
    {
        if (theirs != Kind.Key)
        {
            section.RefuseIneffective("public_key_file", "the peer proves itself otherwise", "take it out, or write auth = \"key\"");
            return null;
        }

        if (Text("public_key_file", "peer.pub") is not { } pem)
        {
            return null;
        }

        if (PeerKey.TryReadPem(pem, out var key, out var error))
        {
            return key;
        }

        section.Refuse("public_key_file", $"it holds no public key: {error}", "write one there with: openssl pkey -in PRIVATE -pubout");
        return null;
    }

    private SecretBytes? Secret(Kind theirs, Kind ours)
    {
        if (theirs != Kind.SharedKey && ours != Kind.SharedKey)
        {
            section.RefuseIneffective("secret_file", "nobody proves itself by a shared key", "take it out, or write auth = \"psk\"");
            return null;
        }

        if (!section.Has("secret_file"))
        {
            section.Refuse("secret_file", "[[peer]] does not say where the shared key is", "add secret_file = \"peer.psk\", a file of mode 0600 with the secret in it");
            return null;
        }

        return SecretIn("secret_file", "shared key", "peer.psk", SecretMinimum, "openssl rand -base64 24");
    }

    private PostquantumKey? Ppk()
    {
        var mandatory = section.Truth("ppk_required") ?? true;
        var id = section.Text("ppk_id", "what both hosts call the key", "ppk_id = \"to-gw\"");
        if (!section.Has("ppk_file"))
        {
            section.RefuseIneffective("ppk_id", "there is no ppk_file", "add ppk_file, or take it out");
            section.RefuseIneffective("ppk_required", "there is no ppk_file", "add ppk_file, or take it out");
            return null;
        }

        if (string.IsNullOrEmpty(id))
        {
            section.Refuse("ppk_id", "[[peer]] does not say what both hosts call the postquantum key", "add for example ppk_id = \"to-gw\"");
            return null;
        }

        return SecretIn("ppk_file", "postquantum key", "peer.ppk", PpkMinimum, "openssl rand -base64 48") is { } secret
            ? new PostquantumKey(Encoding.UTF8.GetBytes(id), secret, mandatory)
            : null;
    }

    private SecretBytes? SecretIn(string key, string what, string example, int minimum, string maker)
    {
        if (Path(key, example) is not { } file)
        {
            return null;
        }

        try
        {
            var octets = OwnersFile.Read(file, what, FileMaximum, "make a new one on both hosts");
            // An editor ends the last line; that is not part of the secret. Handshakes may need it when a reload has replaced it.
            var secret = SecretBytes.OfMany(octets.AsSpan().TrimEnd("\r\n"u8));
            octets.AsSpan().Clear();
            if (secret.Length >= minimum)
            {
                return secret;
            }

            section.Refuse(key, $"the {what} has {secret.Length} octets; with less than {minimum} it can be guessed", $"write for example what '{maker}' prints");
        }
        catch (StartupException e)
        {
            section.Refuse(key, e.Problem, e.Remedy);
        }

        return null;
    }

    private CertificateAuthority? Authority(Kind theirs)
    {
        if (theirs != Kind.Certificate)
        {
            section.RefuseIneffective("ca_file", "the peer does not prove itself by a certificate", "take it out, or write auth = \"certificate\"");
            return null;
        }

        if (!section.Has("ca_file"))
        {
            section.Refuse("ca_file", "[[peer]] does not say whose certificates count", "add ca_file = \"ca.pem\", with the authority's certificate and its revocation list");
            return null;
        }

        if (Text("ca_file", "ca.pem") is not { } pem)
        {
            return null;
        }

        if (CertificateAuthority.TryReadPem(pem, out var authority, out var error))
        {
            return authority;
        }

        section.Refuse("ca_file", $"it cannot be used: {error}", "put the authority's certificate there, in PEM");
        return null;
    }

    private IkeIdentification? Id(string key)
    {
        if (section.Text(key, IkeIdentification.Forms, $"{key} = \"gw.example.org\"") is not { } text)
        {
            return null;
        }

        if (IkeIdentification.TryParse(text, out var id))
        {
            return id;
        }

        section.Refuse(key, $"'{key}' must be {IkeIdentification.Forms}, not \"{text}\"", $"write for example {key} = \"gw.example.org\"");
        return null;
    }

    private string? Text(string key, string example)
    {
        if (Path(key, example) is not { } file)
        {
            return null;
        }

        try
        {
            var octets = new byte[FileMaximum];
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            return Encoding.UTF8.GetString(octets.AsSpan(0, stream.ReadAtLeast(octets, octets.Length, throwOnEndOfStream: false)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            section.Refuse(key, $"cannot read {file}: {e.Message}", "put it there, or name another");
            return null;
        }
    }

    private string? Path(string key, string example)
    {
        if (section.Text(key, "a file's path", $"{key} = \"{example}\"") is not { } path)
        {
            return null;
        }

        if (path.Length > 0 && !path.Contains('\0', StringComparison.Ordinal))
        {
            return System.IO.Path.Combine(folder, path);
        }

        section.Refuse(key, $"'{key}' must name a file, not \"{path}\"", $"write for example {key} = \"{example}\"");
        return null;
    }
}
