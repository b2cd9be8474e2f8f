using Latchkey.Lab.Processes;

namespace Latchkey.Interop.Hosts;

/// <summary>
/// Keys, certificates and shared secrets of both hosts, made by openssl before any case runs (it is slow where the processor
/// is emulated). Every certificate names its owner's DNS name and mail address.
/// </summary>
public static class Credentials
{
    public static readonly IReadOnlyList<string> Algorithms = ["ed25519", "ecdsa", "rsa"];

    private static readonly Dictionary<string, string[]> Generate = new()
    {
        ["ed25519"] = ["-algorithm", "ED25519"],
        ["ecdsa"] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        ["rsa"] = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    };

    public static async Task Make(string folder)
    {
        Directory.CreateDirectory(folder);
        await Authority(folder, "ca", "Root", null);
        await Authority(folder, "sub", "Intermediate", "ca");
        await Authority(folder, "other", "Another", null);
        foreach (var host in new[] { "latchkey", "strongswan", "libreswan", "stranger" })
        {
            foreach (var algorithm in Algorithms)
            {
                var file = $"{folder}/{host}-{algorithm}";
                await Command.Run(["openssl", "genpkey", .. Generate[algorithm], "-out", $"{file}.key"]);
                await Command.Run("openssl", "pkey", "-in", $"{file}.key", "-pubout", "-out", $"{file}.pub");
                await Certificate(file, host, $"{folder}/ca", "30", ".crt");
                await Certificate(file, host, $"{folder}/sub", "30", "-sub.crt");
                await Certificate(file, host, $"{folder}/other", "30", "-other.crt");
                await Certificate(file, host, $"{folder}/ca", "-1", "-expired.crt");
            }
        }

        // The host's own certificate and the authority's that signed it, twice over: a long message.
        var sub = await File.ReadAllTextAsync($"{folder}/sub.pem");
        await File.WriteAllTextAsync($"{folder}/latchkey-rsa-chain.crt", await File.ReadAllTextAsync($"{folder}/latchkey-rsa-sub.crt") + sub + sub);
        await Secret($"{folder}/secret", "a secret that both ends know");
        await Secret($"{folder}/ppk", "a key that no quantum computer finds out");
        await Revoke(folder, "strongswan-ecdsa.crt");
    }

    private static async Task Secret(string file, string secret)
    {
        await File.WriteAllTextAsync(file, $"{secret}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static async Task Authority(string folder, string name, string subject, string? issuer)
    {
        string[] signedBy = issuer is null ? [] : ["-CA", $"{folder}/{issuer}.pem", "-CAkey", $"{folder}/{issuer}.key"];
        await Command.Run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256", "-days", "60",
            "-keyout", $"{folder}/{name}.key", "-out", $"{folder}/{name}.pem", "-subj", $"/C=CH/O=Example/CN={subject} Authority",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign", .. signedBy,
        ]);
    }

    private static async Task Certificate(string file, string host, string authority, string days, string suffix)
    {
        var extensions = $"{file}.ext";
        await File.WriteAllTextAsync(extensions, $"subjectAltName=DNS:{host}.example.org,email:{host}@example.org\nkeyUsage=critical,digitalSignature\n");
        await Command.Run("openssl", "req", "-new", "-key", $"{file}.key", "-subj", $"/C=CH/O=Example/CN={host}", "-out", $"{file}.csr");
        await Command.Run(
            "openssl", "x509", "-req", "-in", $"{file}.csr", "-CA", $"{authority}.pem", "-CAkey", $"{authority}.key", "-CAcreateserial", "-days", days,
            "-extfile", extensions, "-out", $"{file}{suffix}");
    }

    /// <summary>Two files of an authority with its list: one that revokes that certificate, and one that revokes nobody.</summary>
    private static async Task Revoke(string folder, string certificate)
    {
        var settings = $"{folder}/ca.cnf";
        await File.WriteAllTextAsync(settings, $"[ca]\ndefault_ca=a\n[a]\ndatabase={folder}/index\ndefault_md=sha256\ndefault_crl_days=30\n");
        await File.WriteAllTextAsync($"{folder}/index", "");
        string[] ca = ["openssl", "ca", "-config", settings, "-keyfile", $"{folder}/ca.key", "-cert", $"{folder}/ca.pem"];
        await Command.Run([.. ca, "-gencrl", "-out", $"{folder}/none.crl"]);
        await Command.Run([.. ca, "-revoke", $"{folder}/{certificate}"]);
        await Command.Run([.. ca, "-gencrl", "-out", $"{folder}/revoked.crl"]);
        foreach (var list in new[] { "none", "revoked" })
        {
            await File.WriteAllTextAsync($"{folder}/ca-{list}.pem", await File.ReadAllTextAsync($"{folder}/ca.pem") + await File.ReadAllTextAsync($"{folder}/{list}.crl"));
        }
    }
}
