using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;
using Tomlyn.Syntax;

namespace Latchkey.Daemon.Configuration;

/// <summary>A known peer and the place of its header.</summary>
internal sealed record PlacedPeer(KnownPeer Peer, TextPosition Place);

/// <summary>Reads one [[peer]]: a known entry of the PAD (RFC 4301 §4.4.3).</summary>
internal static class PeerReader
{
    /// <summary>Null when the peer cannot be used; the findings say why.</summary>
    public static PlacedPeer? Read(TomlSection section, FindingList findings)
    {
        var name = Name.Read(section);
        var key = Key(section);
        var addresses = Addresses(section, findings);
        section.RefuseUnknownKeys();
        return name is null || key is null || addresses is null ? null : new(new(name, key.Value, addresses.Value), section.Start);
    }

    private static KeyFingerprint? Key(TomlSection section)
    {
        const string Remedy = "run 'latchkey fingerprint' on the peer and copy what it prints";
        if (!section.Has("key"))
        {
            section.Refuse("key", "[[peer]] does not say which key speaks for it", $"add key = \"SHA256:…\"; {Remedy}");
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

        section.Refuse("key", $"'key' must be SHA256: followed by 43 base64 digits, not \"{text}\"", Remedy);
        return null;
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
