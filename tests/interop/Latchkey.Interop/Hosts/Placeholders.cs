using System.Security.Cryptography;
using Latchkey.Lab.Network;

namespace Latchkey.Interop.Hosts;

/// <summary>What the files of the cases cannot know: addresses and paths. Written {name} there.</summary>
public sealed class Placeholders
{
    private readonly Dictionary<string, string> _values;

    /// <param name="behind">A host that Latchkey is the gateway of; null: there is none.</param>
    public Placeholders(Nic latchkey, Nic peer, LabHost? behind, AddressPlan plan, string credentials, string latchkeyKey) => _values = new()
    {
        ["latchkey"] = latchkey.Address,
        ["latchkey.mac"] = latchkey.Mac,
        ["peer"] = peer.Address,
        ["latchkey.other"] = plan.Address(1, 11),
        ["peer.other"] = plan.Address(1, 12),
        ["latchkey.across"] = Across(plan).Address(1, 11),
        ["peer.across"] = Across(plan).Address(1, 12),
        ["latchkey.inner"] = behind?.Address ?? (plan.IsIPv6 ? "fd00:1::1" : "10.1.0.1"),
        ["latchkey.net"] = behind?.Plan.Prefix(Gateway.Link) ?? (plan.IsIPv6 ? "fd00:1::/32" : "10.1.0.0/16"),
        ["peer.net"] = plan.IsIPv6 ? "fd00:2::/32" : "10.2.0.0/16",
        ["peer.inner"] = plan.IsIPv6 ? "fd00:2::1" : "10.2.0.1",
        ["credentials"] = credentials,
        ["latchkey.rsasigkey"] = RsaSigKey($"{credentials}/latchkey-rsa.pub"),
        ["libreswan.rsasigkey"] = RsaSigKey($"{credentials}/libreswan-rsa.pub"),
        ["latchkey.keyid"] = KeyId($"{credentials}/latchkey-{latchkeyKey}.pub"),
    };

    /// <summary>The plan of the other family.</summary>
    public static AddressPlan Across(AddressPlan plan) => plan with { IsIPv6 = !plan.IsIPv6 };

    public string Fill(string text) => _values.Aggregate(text, (filled, pair) => filled.Replace($"{{{pair.Key}}}", pair.Value, StringComparison.Ordinal));

    /// <summary>As Libreswan writes a bare key: the length of the exponent, the exponent and the modulus (RFC 3110 §2), in Base64.</summary>
    private static string RsaSigKey(string publicKeyFile)
    {
        using var key = RSA.Create();
        key.ImportFromPem(File.ReadAllText(publicKeyFile));
        var (exponent, modulus) = (key.ExportParameters(false).Exponent!, key.ExportParameters(false).Modulus!);
        return $"0s{Convert.ToBase64String([(byte)exponent.Length, .. exponent, .. modulus])}";
    }

    /// <summary>What Latchkey asserts of a bare key: the SHA-256 of its SubjectPublicKeyInfo.</summary>
    private static string KeyId(string publicKeyFile)
    {
        var pem = File.ReadAllText(publicKeyFile);
        return Convert.ToHexStringLower(SHA256.HashData(Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data])));
    }
}
