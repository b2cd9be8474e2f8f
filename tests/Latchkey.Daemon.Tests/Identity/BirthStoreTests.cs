using Latchkey.Crypto;
using Latchkey.Daemon.Identity;
using Xunit;

namespace Latchkey.Daemon.Tests.Identity;

public sealed class BirthStoreTests : IDisposable
{
    private const string ThisBoot = "11111111-1111-4111-8111-111111111111";
    private const string NextBoot = "22222222-2222-4222-8222-222222222222";

    private static readonly TimeSpan Now = TimeSpan.FromSeconds(77);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("latchkey-birth-");

    private string BirthFile => Path.Combine(_directory.FullName, "birth");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_restart_of_the_daemon_is_the_same_life_and_only_its_owner_reads_the_file()
    {
        var first = Load(ThisBoot).Certificate(Now);
        Assert.Equal(1u, first.Number);
        Assert.Equal(first, Load(ThisBoot).Certificate(Now));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(BirthFile));
    }

    [Fact]
    public void Each_boot_is_a_later_life()
    {
        var first = Load(ThisBoot).Certificate(Now);
        var second = Load(NextBoot).Certificate(Now);
        var third = Load(ThisBoot).Certificate(Now);
        Assert.Equal((1u, 2u, 3u), (first.Number, second.Number, third.Number));
        Assert.Equal(3, new[] { first.Digest, second.Digest, third.Digest }.Distinct().Count());
    }

    [Fact]
    public void Lost_latches_begin_a_later_life_within_one_boot()
    {
        var store = Load(ThisBoot);
        var before = store.Certificate(Now);
        store.BeginAnew();
        Assert.Equal(before.Number + 1, store.Certificate(Now).Number);
        Assert.NotEqual(before.Digest, store.Certificate(Now).Digest);
        Assert.Equal(store.Certificate(Now), Load(ThisBoot).Certificate(Now));
    }

    [Fact]
    public void Two_hosts_with_one_boot_id_do_not_look_alike()
    {
        var one = Load(ThisBoot).Certificate(Now);
        File.Delete(BirthFile);
        Assert.NotEqual(one.Digest, Load(ThisBoot).Certificate(Now).Digest);
    }

    [Fact]
    public void A_life_is_as_old_as_the_boot_or_as_the_loss_that_began_it()
    {
        Assert.Equal(Now - TimeSpan.FromHours(3), Load(ThisBoot).Certificate(Now).Began);
        var store = Load(ThisBoot);
        store.BeginAnew();
        Assert.Equal(Now, store.Certificate(Now).Began);
        Assert.Equal(Now, Load(ThisBoot).Certificate(Now).Began);
        Assert.Equal(Now - TimeSpan.FromHours(3), Load(NextBoot).Certificate(Now).Began);
    }

    [Fact]
    public void The_kernel_s_boot_id_and_uptime_are_what_counts()
    {
        Assert.Equal(File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(), $"{KernelBoot.Id()}");
        Assert.InRange(KernelBoot.Uptime(), TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(Environment.TickCount64 + 600_000));
    }

    [Fact]
    public void What_a_crash_left_half_written_does_not_matter()
    {
        var first = Load(ThisBoot).Certificate(Now);
        File.WriteAllText(BirthFile + ".new", "half");
        Assert.Equal(first, Load(ThisBoot).Certificate(Now));
        Assert.Equal(2u, Load(NextBoot).Certificate(Now).Number);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(65)]
    public void A_damaged_file_is_refused_with_what_helps(int length)
    {
        Load(ThisBoot);
        var octets = File.ReadAllBytes(BirthFile);
        Array.Resize(ref octets, length);
        File.WriteAllBytes(BirthFile, octets);
        var refusal = Assert.Throws<StartupException>(() => Load(ThisBoot));
        Assert.Contains(BirthFile, refusal.Problem, StringComparison.Ordinal);
        Assert.Contains("delete it", refusal.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_open_to_others_is_refused()
    {
        Load(ThisBoot);
        File.SetUnixFileMode(BirthFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Contains("open to others", Assert.Throws<StartupException>(() => Load(ThisBoot)).Problem, StringComparison.Ordinal);
    }

    private BirthStore Load(string boot) => BirthStore.Load(BirthFile, SystemRandom.Instance, Guid.Parse(boot), () => TimeSpan.FromHours(3));
}
