using System.Collections.Immutable;

namespace Latchkey.Daemon.Configuration;

/// <summary>What a running daemon cannot change: everything but the policy. It is built on these when it starts.</summary>
public static class FixedSettings
{
    private static readonly (string Key, Func<DaemonSettings, object?> Of)[] All =
    [
        ("[daemon] control", s => s.Control),
        ("[daemon] state", s => s.StateDirectory),
        ("[daemon] runtime", s => s.RuntimeDirectory),
        ("[identity] key_file", s => s.KeyFile),
        ("[identity] certificate_file", s => s.CertificateFile),
        ("[ike] ike_lifetime", s => s.IkeLifetime),
        ("[ike] child_lifetime", s => s.ChildLifetime),
        ("[ike] authentication_lifetime", s => s.AuthenticationLifetime),
        ("[ike] give_up_after", s => s.GiveUpAfter),
        ("[ike] ike", s => string.Join(", ", s.IkeCiphers)),
        ("[ike] key_exchange", s => string.Join(", ", s.KeyExchanges)),
        ("[ike] post_quantum", s => string.Join(", ", s.PostQuantum)),
        ("[ike] esn", s => s.Esn),
        ("[ike] quick_crash_detection", s => s.QuickCrashDetection),
        ("[ike] birth_certificates", s => s.BirthCertificates),
        ("[ike] foreign_initial_contact", s => s.BreakOnForeignInitialContact ? "break" : "keep"),
        ("[debug] export_keys", s => s.KeyExportDirectory),
    ];

    /// <summary>One error for each setting that is different from what the daemon runs with.</summary>
    public static ImmutableArray<Finding> Refuse(DaemonSettings running, DaemonConfiguration wanted)
    {
        ArgumentNullException.ThrowIfNull(running);
        ArgumentNullException.ThrowIfNull(wanted);
        return
        [
            .. All.Where(setting => !Equals(setting.Of(running), setting.Of(wanted.Settings))).Select(setting => new Finding(
                FindingKind.Error,
                wanted.File,
                0,
                0,
                $"{setting.Key} cannot change while the daemon runs: it is {Text(setting.Of(running))}, and the file says {Text(setting.Of(wanted.Settings))}",
                "put the old value back, or restart the daemon")),
        ];
    }

    private static string Text(object? value) => value switch
    {
        null => "off",
        bool b => b ? "true" : "false",
        TimeSpan t => $"\"{t.TotalSeconds}s\"",
        _ => $"\"{value}\"",
    };
}
