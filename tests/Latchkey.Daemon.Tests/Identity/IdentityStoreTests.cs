using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.Identity;
using Xunit;

namespace Latchkey.Daemon.Tests.Identity;

public sealed class IdentityStoreTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("latchkey-identity-");

    private string KeyFile => Path.Combine(_directory.FullName, "state", "identity.pem");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void The_key_is_made_once_and_only_its_owner_reads_it()
    {
        var (first, made) = IdentityStore.LoadOrMake(KeyFile, SystemRandom.Instance);
        var (second, madeAgain) = IdentityStore.LoadOrMake(KeyFile, SystemRandom.Instance);
        using (first)
        using (second)
        {
            Assert.Equal((true, false), (made, madeAgain));
            Assert.Equal(first.Public, second.Public);
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(KeyFile)!));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    public void A_key_open_to_others_is_refused(UnixFileMode open)
    {
        IdentityStore.LoadOrMake(KeyFile, SystemRandom.Instance).Key.Dispose();
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | open);

        var refusal = Assert.Throws<StartupException>(() => IdentityStore.LoadOrMake(KeyFile, SystemRandom.Instance));

        Assert.Contains($"the key file {KeyFile} is open to others", refusal.Problem, StringComparison.Ordinal);
        Assert.Contains($"chmod 600 {KeyFile}", refusal.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rotated_key_is_another_one_for_which_the_old_one_vouches()
    {
        IdentityStore.LoadOrMake(KeyFile, SystemRandom.Instance).Key.Dispose();
        var first = IdentityStore.Rotate(KeyFile, SystemRandom.Instance, DateTime.UnixEpoch);
        var second = IdentityStore.Rotate(KeyFile, SystemRandom.Instance, DateTime.UnixEpoch);

        using var current = IdentityStore.LoadOrMake(KeyFile, SystemRandom.Instance).Key;
        Assert.Equal((first.New, second.New), (second.Old, current.Public.Fingerprint));
        var vouchers = VoucherFile.Load(KeyFile, current.Public.Fingerprint);
        Assert.True(KeyVoucher.Leads(first.Old, second.New, vouchers));
        Assert.All(Directory.GetFiles(Path.GetDirectoryName(KeyFile)!), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Fact]
    public void Vouchers_that_do_not_lead_to_the_key_in_place_are_not_shown()
    {
        IdentityStore.LoadOrMake(KeyFile, SystemRandom.Instance).Key.Dispose();
        IdentityStore.Rotate(KeyFile, SystemRandom.Instance, DateTime.UnixEpoch);
        File.Delete(KeyFile);
        using var another = IdentityStore.LoadOrMake(KeyFile, SystemRandom.Instance).Key;
        Assert.Empty(VoucherFile.Load(KeyFile, another.Public.Fingerprint));
    }

    [Fact]
    public void Without_a_key_there_is_nothing_to_rotate() =>
        Assert.Throws<StartupException>(() => IdentityStore.Rotate(KeyFile, SystemRandom.Instance, DateTime.UnixEpoch));

    [Fact]
    public void What_is_no_key_is_refused_and_left_alone()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(KeyFile)!);
        File.WriteAllText(KeyFile, "no key");
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead);

        var refusal = Assert.Throws<StartupException>(() => IdentityStore.LoadOrMake(KeyFile, SystemRandom.Instance));

        Assert.Contains("holds no private key", refusal.Problem, StringComparison.Ordinal);
        Assert.Equal("no key", File.ReadAllText(KeyFile));
    }

    [Fact]
    public void What_a_crash_left_half_written_does_not_matter()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(KeyFile)!);
        File.WriteAllText(KeyFile + ".new", "half a ke");

        var (key, made) = IdentityStore.LoadOrMake(KeyFile, SystemRandom.Instance);
        key.Dispose();

        Assert.True(made);
        Assert.False(File.Exists(KeyFile + ".new"));
    }

    [Fact]
    public void A_second_daemon_on_the_same_state_is_told_who_the_first_is()
    {
        using (StateLock.Take(_directory.FullName))
        {
            var refusal = Assert.Throws<StartupException>(() => StateLock.Take(_directory.FullName));

            Assert.Contains($"(pid {Environment.ProcessId})", refusal.Problem, StringComparison.Ordinal);
            Assert.Contains(_directory.FullName, refusal.Problem, StringComparison.Ordinal);
        }

        StateLock.Take(_directory.FullName).Dispose();
    }

    [Fact]
    public void Protection_is_not_taken_away_from_under_a_running_daemon()
    {
        using (StateLock.Take(_directory.FullName))
        {
            Assert.Throws<StartupException>(() => Unprotection.Remove(new DaemonSettings { StateDirectory = _directory.FullName }));
        }
    }
}
