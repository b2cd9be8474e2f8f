using System.Text;

namespace Latchkey.Lab.Daemons;

/// <summary>What a host of the laboratory writes into its latchkey.toml. Null leaves the product's default in force.</summary>
public sealed record DaemonConfiguration
{
    public required IReadOnlyList<ProtectRule> Protect { get; init; }

    public IReadOnlyList<KnownPeerRule> Peers { get; init; } = [];

    public string? IkeLifetime { get; init; }

    public string? ChildLifetime { get; init; }

    public string? AuthenticationLifetime { get; init; }

    public string? GiveUpAfter { get; init; }

    public bool? Esn { get; init; }

    public bool? BirthCertificates { get; init; }

    public bool? QuickCrashDetection { get; init; }

    public string? ForeignInitialContact { get; init; }

    /// <summary>Write keys for tshark.</summary>
    public bool ExportKeys { get; init; }

    /// <param name="folder">The host's own folder; every path of the daemon lies in it.</param>
    public string ToToml(string folder)
    {
        var toml = new StringBuilder();
        Section(toml, "daemon", ("control", LatchkeyDaemon.ControlPath(folder)), ("state", $"{folder}/state"), ("runtime", LatchkeyDaemon.RuntimePath(folder)));
        Section(
            toml, "ike", ("ike_lifetime", IkeLifetime), ("child_lifetime", ChildLifetime), ("authentication_lifetime", AuthenticationLifetime), ("give_up_after", GiveUpAfter), ("esn", Esn),
            ("birth_certificates", BirthCertificates), ("quick_crash_detection", QuickCrashDetection),
            ("foreign_initial_contact", ForeignInitialContact));
        Section(toml, "debug", ("export_keys", ExportKeys ? LatchkeyDaemon.KeysPath(folder) : null));
        foreach (var rule in Protect)
        {
            Table(
                toml, "[protect]", ("name", rule.Name), ("local", rule.Local), ("remote", rule.Remote), ("protocol", rule.Protocol), ("local_port", rule.LocalPort),
                ("remote_port", rule.RemotePort), ("port", rule.Port), ("trust", rule.Trust), ("on_break", rule.OnBreak), ("on_silence", rule.OnSilence),
                ("on_stranger", rule.OnStranger), ("clear", rule.Clear), ("encapsulation", rule.Encapsulation), ("esp", rule.Esp is { } cipher ? new[] { cipher } : null),
                ("on_policy_change", rule.OnPolicyChange), ("mode", rule.OuterRemote is null ? null : "tunnel"), ("outer_local", rule.OuterLocal), ("outer_remote", rule.OuterRemote),
                ("forward", rule.Forward ? true : null));
        }

        foreach (var peer in Peers)
        {
            Table(toml, "[peer]", ("name", peer.Name), ("key", peer.Key), ("addresses", new[] { peer.Address }));
        }

        return toml.ToString();
    }

    private static void Section(StringBuilder toml, string name, params (string Key, object? Value)[] entries)
    {
        if (entries.Any(entry => entry.Value is not null))
        {
            Table(toml, name, entries);
        }
    }

    private static void Table(StringBuilder toml, string name, params (string Key, object? Value)[] entries)
    {
        toml.Append($"[{name}]\n");
        foreach (var (key, value) in entries.Where(entry => entry.Value is not null))
        {
            toml.Append($"{key} = {Literal(value!)}\n");
        }

        toml.Append('\n');
    }

    private static string Literal(object value) => value switch
    {
        bool truth => truth ? "true" : "false",
        int number => $"{number}",
        string[] texts => $"[{string.Join(", ", texts.Select(Literal))}]",
        _ => $"\"{value}\"",
    };
}

/// <summary>One <c>[[protect]]</c> entry.</summary>
/// <param name="LocalPort">A number or <c>a-b</c>; null is any.</param>
public sealed record ProtectRule(string Name, string? LocalPort = null, string? RemotePort = null)
{
    public string Protocol { get; init; } = "tcp";

    public string? Local { get; init; }

    public string? Remote { get; init; }

    /// <summary>Where this host's end of a tunnel may be, the first of them to begin with; null in transport mode.</summary>
    public string[]? OuterLocal { get; init; }

    /// <summary>Where the peer's end may be.</summary>
    public string[]? OuterRemote { get; init; }

    /// <summary>What the host forwards through the tunnel is protected too.</summary>
    public bool Forward { get; init; }

    public string? Trust { get; init; } = "anyone";

    /// <summary>On either side.</summary>
    public string? Port { get; init; }

    public string? OnBreak { get; init; }

    public string? OnSilence { get; init; }

    public string? OnStranger { get; init; }

    public string? Clear { get; init; }

    public string? Encapsulation { get; init; }

    /// <summary>The one cipher that ESP may use.</summary>
    public string? Esp { get; init; }

    public string? OnPolicyChange { get; init; }
}

/// <summary>One <c>[[peer]]</c> entry.</summary>
public sealed record KnownPeerRule(string Name, string Key, string Address);
