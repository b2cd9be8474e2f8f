using System.Collections.Immutable;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;
using Tomlyn.Syntax;

namespace Latchkey.Daemon.Configuration;

/// <summary>A known peer, how it proves itself (null: by a bare public key), and the place of its header.</summary>
internal sealed record PlacedPeer(KnownPeer Peer, TextPosition Place, PeerCredentials? Credentials = null);

/// <summary>Reads one [[peer]]: a known entry of the PAD (RFC 4301 §4.4.3).</summary>
internal static class PeerReader
{
    /// <summary>Null when the peer cannot be used; the findings say why.</summary>
    /// <param name="file">The configuration; files that it names may lie beside it.</param>
    /// <param name="weHaveCertificate">This host can prove itself by a certificate.</param>
    public static PlacedPeer? Read(TomlSection section, string file, bool weHaveCertificate, FindingList findings)
    {
        var name = Name.Read(section);
        var addresses = Addresses(section, findings);
        var credentials = new CredentialsReader(section, Path.GetDirectoryName(Path.GetFullPath(file))!, weHaveCertificate).Read(name ?? "", addresses ?? []);
        section.RefuseUnknownKeys();
        return name is null || credentials is null || addresses is null
            ? null
            : new(
                new(name, credentials.Value.Identity, addresses.Value) { ProvesNothing = credentials.Value.Credentials?.Theirs is PeerProof.Null }, section.Start, credentials.Value.Credentials);
    }

    private static ImmutableArray<InetPrefix>? Addresses(TomlSection section, FindingList findings)
    {
        const string Example = "addresses = [\"192.0.2.7\"]";
        if (!section.Has("addresses"))
        {
            section.Refuse("addresses", "[[peer]] does not say for which addresses its key speaks", $"add for example {Example}");
            return null;
        }

        if (section.Texts("addresses", "a list of addresses or prefixes", Example) is not { } texts)
        {
            return null;
        }

        if (texts.IsEmpty)
        {
            section.Refuse("addresses", "a peer without addresses can never be met", $"write for example {Example}");
            return null;
        }

        var prefixes = ImmutableArray.CreateBuilder<InetPrefix>();
        foreach (var (text, place) in texts)
        {
            if (InetPrefix.TryParse(text, out var prefix, out var error))
            {
                prefixes.Add(prefix);
            }
            else
            {
                findings.Error(place, error, $"write for example {Example}");
            }
        }

        return prefixes.Count == texts.Length ? prefixes.ToImmutable() : null;
    }
}
