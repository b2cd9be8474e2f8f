using Latchkey.Crypto;
using Latchkey.Daemon.Identity;
using Xunit;

namespace Latchkey.Daemon.Tests.Identity;

/// <summary>Q6: the secrets of crash detection outlive the host's memory, and are replaced without forgetting at once.</summary>
public sealed class QcdSecretStoreTests : IDisposable
{
    private static readonly DateTimeOffset Begin = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("latchkey-qcd-");

    private string SecretFile => Path.Combine(_directory.FullName, "qcd-secrets");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Q6_The_secret_is_made_once_survives_and_only_its_owner_reads_it()
    {
        var first = Assert.Single(Load(Begin));
        Assert.Equal(64, first.Length);
        Assert.Equal([first], Load(Begin.AddDays(30)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SecretFile));
        Assert.False(File.Exists(SecretFile + ".new"));
    }

    [Fact]
    public void Q6_A_new_secret_comes_first_and_three_older_ones_stay()
    {
        List<string> made = [];
        for (var i = 0; i < 6; i++)
        {
            var secrets = Load(Begin.AddDays(31 * i));
            made.Insert(0, secrets[0]);
            Assert.Equal(made.Take(4), secrets);
        }

        Assert.Equal(6, made.Distinct().Count());
    }

    [Fact]
    public void Q6_A_clock_that_runs_backwards_makes_no_secret()
    {
        var first = Load(Begin);
        Assert.Equal(first, Load(Begin.AddYears(-20)));
    }

    [Fact]
    public void A_damaged_file_is_refused_with_what_helps()
    {
        Load(Begin);
        File.AppendAllText(SecretFile, "x");
        var refusal = Assert.Throws<StartupException>(() => Load(Begin));
        Assert.Contains(SecretFile, refusal.Problem, StringComparison.Ordinal);
        Assert.Contains("delete it", refusal.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_open_to_others_is_refused()
    {
        Load(Begin);
        File.SetUnixFileMode(SecretFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Contains("open to others", Assert.Throws<StartupException>(() => Load(Begin)).Problem, StringComparison.Ordinal);
    }

    private string[] Load(DateTimeOffset now) =>
        [.. QcdSecretStore.LoadOrMake(SecretFile, SystemRandom.Instance, now).Select(secret => Convert.ToHexString(secret.Span))];
}
