using System.Text;

namespace Latchkey.Daemon.Configuration;

/// <summary>Reads everything but the policy: [daemon], [identity], [ike] and [debug].</summary>
internal static class SettingsReader
{
    /// <summary>sun_path of unix(7) has 108 octets, the last of them zero.</summary>
    private const int SocketPathMaximum = 107;

    public static DaemonSettings Read(SectionTables tables, FindingList findings)
    {
        var defaults = new DaemonSettings();
        var daemon = tables.Daemon;
        var control = Control(daemon) ?? defaults.Control;
        var state = Directory(daemon, "state") ?? defaults.StateDirectory;
        var settings = new DaemonSettings
        {
            Control = control,
            StateDirectory = state,
            RuntimeDirectory = Directory(daemon, "runtime") ?? defaults.RuntimeDirectory,
            KeyFile = Path.Combine(state, FilePath(tables.Identity, "key_file", "identity.pem") ?? "identity.pem"),
            CertificateFile = FilePath(tables.Identity, "certificate_file", "identity.crt") is { } certificate ? Path.Combine(state, certificate) : null,
            IkeLifetime = Lifetime(tables.Ike, "ike_lifetime") ?? defaults.IkeLifetime,
            ChildLifetime = Lifetime(tables.Ike, "child_lifetime") ?? defaults.ChildLifetime,
            AuthenticationLifetime = Lifetime(tables.Ike, "authentication_lifetime") ?? defaults.AuthenticationLifetime,
            GiveUpAfter = Lifetime(tables.Ike, "give_up_after") ?? defaults.GiveUpAfter,
            IkeCiphers = AlgorithmList.Read(
                tables.Ike, findings, "ike", Proposals.AllCipherNames, ("no IKE SA can be protected without a cipher", "write for example ike = [\"aes256gcm16\"]")) ?? defaults.IkeCiphers,
            KeyExchanges = AlgorithmList.Read(
                tables.Ike, findings, "key_exchange", Proposals.KeyExchangeNames, ("no IKE SA can be made without a key exchange", "write for example key_exchange = [\"x25519\"]")) ?? defaults.KeyExchanges,
            PostQuantum = AlgorithmList.Read(tables.Ike, findings, "post_quantum", Proposals.PostQuantumNames) ?? defaults.PostQuantum,
            Esn = tables.Ike.Truth("esn") ?? defaults.Esn,
            QuickCrashDetection = tables.Ike.Truth("quick_crash_detection") ?? defaults.QuickCrashDetection,
            BirthCertificates = tables.Ike.Truth("birth_certificates") ?? defaults.BirthCertificates,
            BreakOnForeignInitialContact = tables.Ike.Choice(
                "foreign_initial_contact", defaults.BreakOnForeignInitialContact, new Dictionary<string, bool> { ["break"] = true, ["keep"] = false }),
            KeyExportDirectory = Directory(tables.Debug, "export_keys"),
        };
        daemon.Choice(
            "datapath",
            "user",
            new Dictionary<string, string> { ["user"] = "user" },
            new Dictionary<string, string> { ["kernel"] = "the kernel's own ESP comes later" });
        foreach (var section in new[] { daemon, tables.Identity, tables.Ike, tables.Debug })
        {
            section.RefuseUnknownKeys();
        }

        return settings;
    }

    private static string? Control(TomlSection daemon)
    {
        var path = AbsolutePath(daemon, "control", "/run/latchkey/control.sock");
        if (path is not null && Encoding.UTF8.GetByteCount(path) > SocketPathMaximum)
        {
            daemon.Refuse("control", $"a socket's path may have {SocketPathMaximum} octets, this one has {Encoding.UTF8.GetByteCount(path)}", "choose a shorter path");
            return null;
        }

        return path;
    }

    private static string? Directory(TomlSection section, string key) => AbsolutePath(section, key, "/var/lib/latchkey");

    private static string? AbsolutePath(TomlSection section, string key, string example)
    {
        if (section.Text(key, "an absolute path", $"{key} = \"{example}\"") is not { } path)
        {
            return null;
        }

        if (path.StartsWith('/') && !path.Contains('\0', StringComparison.Ordinal))
        {
            return path;
        }

        section.Refuse(key, $"'{key}' must be an absolute path, not \"{path}\"", $"write for example {key} = \"{example}\"");
        return null;
    }

    private static string? FilePath(TomlSection identity, string key, string example)
    {
        if (identity.Text(key, "a file's path", $"{key} = \"{example}\"") is not { } path)
        {
            return null;
        }

        if (path.Length > 0 && !path.EndsWith('/') && !path.Contains('\0', StringComparison.Ordinal))
        {
            return path;
        }

        identity.Refuse(key, $"'{key}' must name a file, not \"{path}\"", $"write for example {key} = \"{example}\"");
        return null;
    }

    private static TimeSpan? Lifetime(TomlSection ike, string key) => Duration.Read(ike, key, "4h");
}
