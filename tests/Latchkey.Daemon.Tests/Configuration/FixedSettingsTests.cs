using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Latching;
using Xunit;

namespace Latchkey.Daemon.Tests.Configuration;

/// <summary>What a running daemon cannot change is refused, each setting with a sentence.</summary>
public class FixedSettingsTests
{
    private static readonly DaemonSettings Running = new();

    [Fact]
    public void Another_policy_with_the_same_settings_is_not_refused() => Assert.Empty(FixedSettings.Refuse(Running, With(new DaemonSettings())));

    [Theory]
    [InlineData("[daemon] control")]
    [InlineData("[daemon] state")]
    [InlineData("[daemon] runtime")]
    [InlineData("[identity] key_file")]
    [InlineData("[ike] ike_lifetime")]
    [InlineData("[ike] child_lifetime")]
    [InlineData("[ike] authentication_lifetime")]
    [InlineData("[ike] give_up_after")]
    [InlineData("[ike] ike")]
    [InlineData("[ike] key_exchange")]
    [InlineData("[ike] post_quantum")]
    [InlineData("[ike] esn")]
    [InlineData("[ike] quick_crash_detection")]
    [InlineData("[ike] birth_certificates")]
    [InlineData("[ike] foreign_initial_contact")]
    [InlineData("[debug] export_keys")]
    public void Each_setting_that_is_different_is_named_with_both_values(string key)
    {
        var wanted = key switch
        {
            "[daemon] control" => Running with { Control = "/other" },
            "[daemon] state" => Running with { StateDirectory = "/other" },
            "[daemon] runtime" => Running with { RuntimeDirectory = "/other" },
            "[identity] key_file" => Running with { KeyFile = "/other" },
            "[ike] ike_lifetime" => Running with { IkeLifetime = TimeSpan.FromHours(1) },
            "[ike] child_lifetime" => Running with { ChildLifetime = TimeSpan.FromMinutes(1) },
            "[ike] authentication_lifetime" => Running with { AuthenticationLifetime = TimeSpan.FromHours(8) },
            "[ike] give_up_after" => Running with { GiveUpAfter = TimeSpan.FromMinutes(1) },
            "[ike] ike" => Running with { IkeCiphers = [Algorithms.OldCiphers[0]] },
            "[ike] key_exchange" => Running with { KeyExchanges = [Algorithms.FindKeyExchange(20)!] },
            "[ike] post_quantum" => Running with { PostQuantum = [Algorithms.MlKem1024] },
            "[ike] esn" => Running with { Esn = false },
            "[ike] quick_crash_detection" => Running with { QuickCrashDetection = false },
            "[ike] birth_certificates" => Running with { BirthCertificates = false },
            "[ike] foreign_initial_contact" => Running with { BreakOnForeignInitialContact = false },
            _ => Running with { KeyExportDirectory = "/other" },
        };

        var finding = Assert.Single(FixedSettings.Refuse(Running, With(wanted)));
        Assert.Equal(FindingKind.Error, finding.Kind);
        Assert.StartsWith($"{key} cannot change while the daemon runs: it is ", finding.Message, StringComparison.Ordinal);
        Assert.Contains("restart the daemon", finding.Remedy, StringComparison.Ordinal);
    }

    /// <summary>A setting that is added later and forgotten here would be read at a reload and ignored.</summary>
    [Fact]
    public void Every_setting_is_looked_at() =>
        Assert.Equal(typeof(DaemonSettings).GetProperties().Length, FixedSettings.Refuse(Running, With(Different())).Length);

    private static DaemonConfiguration With(DaemonSettings settings) => new("f", settings, SecurityPolicy.Empty);

    private static DaemonSettings Different()
    {
        var settings = new DaemonSettings();
        foreach (var property in typeof(DaemonSettings).GetProperties())
        {
            property.SetValue(settings, property.GetValue(settings) switch
            {
                bool b => !b,
                ImmutableArray<AeadAlgorithm> => ImmutableArray<AeadAlgorithm>.Empty,
                ImmutableArray<KeyExchangeMethod> => ImmutableArray<KeyExchangeMethod>.Empty,
                TimeSpan t => t + TimeSpan.FromSeconds(1),
                null when property.PropertyType == typeof(TimeSpan?) => TimeSpan.FromHours(1),
                var text => $"{text}x",
            });
        }

        return settings;
    }
}
