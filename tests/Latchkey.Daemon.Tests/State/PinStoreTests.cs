using Latchkey.Crypto;
using Latchkey.Daemon.State;
using Latchkey.Latching;
using Latchkey.Wire;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Latchkey.Daemon.Tests.State;

/// <summary>Pins in a real SQLite file.</summary>
public sealed class PinStoreTests : IDisposable
{
    private static readonly InetAddress C = InetAddress.Parse("192.0.2.7");
    private static readonly InetAddress D = InetAddress.Parse("2001:db8::9");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("latchkey-state-");
    private readonly SigningKey _key = SigningKey.Generate(SystemRandom.Instance);
    private readonly SigningKey _other = SigningKey.Generate(SystemRandom.Instance);
    private DateTime _now = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    private string Database => Path.Combine(_directory.FullName, StateDatabase.FileName);

    private PeerKey Key => _key.Public;

    private PeerKey Other => _other.Public;

    public void Dispose()
    {
        _key.Dispose();
        _other.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void B13_A_recorded_pin_is_there_after_a_restart_with_its_sightings()
    {
        Use(store => store.Record(FirstUse(C, Key), Key, inPlaceOf: null));
        _now += TimeSpan.FromDays(3);
        Use(store =>
        {
            store.Seen(C, Key);
            store.Seen(C, Key);
        });
        Use(store =>
        {
            Assert.Equal(new PinRecord(FirstUse(C, Key), _now.AddDays(-3), _now, 2), Assert.Single(store.List()));
            Assert.Equal(FirstUse(C, Key), store.Load().At(C));
        });
    }

    [Fact]
    public void Only_its_owner_reads_it()
    {
        Use(store => store.Record(FirstUse(C, Key), Key, null));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Database));
        File.SetUnixFileMode(Database, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
        var refusal = Assert.Throws<StartupException>(() => StateDatabase.Open(_directory.FullName));
        Assert.Contains("chmod 600", refusal.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_first_use_never_displaces_a_pin() => Use(store =>
    {
        store.Record(FirstUse(C, Key), Key, null);
        Assert.Throws<StateException>(() => store.Record(FirstUse(C, Other), Other, null));
        store.Set(new Pin(D, Key.Fingerprint, PinOrigin.Person), Key);
        Assert.Throws<StateException>(() => store.Record(FirstUse(D, Other), Other, null));
        Assert.All(store.List(), pin => Assert.Equal(Key.Fingerprint, pin.Pin.Key));
    });

    [Fact]
    public void A_pin_moves_to_a_successor_only_from_the_key_that_vouched_for_it() => Use(store =>
    {
        store.Record(FirstUse(C, Key), Key, null);
        Assert.Throws<StateException>(() => store.Record(FirstUse(C, Other), Other, inPlaceOf: Other.Fingerprint));
        store.Record(FirstUse(C, Other), Other, inPlaceOf: Key.Fingerprint);
        Assert.Equal(Other.Fingerprint, Assert.Single(store.List()).Pin.Key);
        Assert.Throws<StateException>(() => store.Record(FirstUse(D, Other), Other, inPlaceOf: Key.Fingerprint));
    });

    [Fact]
    public void Unpinning_remembers_where_a_key_was_and_forgetting_does_not()
    {
        Use(store =>
        {
            store.Record(FirstUse(C, Key), Key, null);
            store.Record(FirstUse(D, Key), Key, null);
            store.Unpin(C);
        });
        Use(store =>
        {
            var pins = store.Load();
            Assert.Null(pins.At(C));
            Assert.Equal([C, D], pins.PlacesOf(Key.Fingerprint));
            store.Forget(C);
            store.Forget(D);
            Assert.Empty(store.Load().PlacesOf(Key.Fingerprint));
        });
        Assert.Equal(0L, Ask("SELECT count(*) FROM keys"));
    }

    [Fact]
    public void A_person_may_pin_a_key_that_was_never_seen()
    {
        Use(store => store.Set(new Pin(C, Key.Fingerprint, PinOrigin.Person), null));
        Use(store => Assert.Equal(new PinRecord(new Pin(C, Key.Fingerprint, PinOrigin.Person), null, null, 0), Assert.Single(store.List())));
        Use(store => store.Seen(C, Key));
        Assert.Equal(Key.SubjectPublicKeyInfo.ToArray(), Ask("SELECT public_key FROM keys"));
    }

    [Fact]
    public void A_key_that_is_in_use_when_it_is_pinned_has_been_seen() => Use(store =>
    {
        store.Set(new Pin(C, Key.Fingerprint, PinOrigin.Person), Key);
        Assert.Equal(new PinRecord(new Pin(C, Key.Fingerprint, PinOrigin.Person), _now, _now, 0), Assert.Single(store.List()));
    });

    [Fact]
    public void The_keys_remembered_for_one_address_are_bounded() => Use(store =>
    {
        var before = (KeyFingerprint?)null;
        for (var i = 0; i < 20; i++)
        {
            using var key = SigningKey.Generate(SystemRandom.Instance);
            _now += TimeSpan.FromHours(1);
            store.Record(FirstUse(C, key.Public), key.Public, before);
            before = key.Public.Fingerprint;
        }

        Assert.Equal(8L, Ask("SELECT count(*) FROM sightings"));
        Assert.Equal(before, store.Load().At(C)!.Key);
    });

    [Fact]
    public void A_full_store_says_so_records_nothing_and_recovers_when_there_is_room()
    {
        using (StateDatabase.Open(_directory.FullName))
        {
        }

        var pages = (int)(long)Ask("PRAGMA page_count")!;
        using var database = StateDatabase.Open(_directory.FullName, pageMaximum: pages);
        var store = new PinStore(database, () => _now);
        var kept = 0;
        void Fill()
        {
            for (; ; kept++)
            {
                store.Record(FirstUse(InetAddress.FromV4(0xC0000200 + (uint)kept), Key), Key, null);
            }
        }

        var refusal = Assert.Throws<StateException>(Fill);
        Assert.Contains("is full", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(kept, store.List().Count);
        store.Forget(InetAddress.FromV4(0xC0000200));
        store.Record(FirstUse(C, Key), Key, null);
    }

    [Fact]
    public void A_store_that_became_corrupt_under_the_running_daemon_records_nothing_and_says_so()
    {
        using var database = StateDatabase.Open(_directory.FullName);
        var store = new PinStore(database, () => _now);
        store.Record(FirstUse(C, Key), Key, null);
        File.WriteAllBytes(Database, new byte[8192]);
        var refusal = Assert.Throws<StateException>(() => store.Record(FirstUse(D, Key), Key, null));
        Assert.Contains(Database, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("is corrupt", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(5000)]
    public void A_corrupt_store_stops_the_start_and_is_left_alone(int from)
    {
        Use(store => store.Record(FirstUse(C, Key), Key, null));
        var octets = File.ReadAllBytes(Database);
        octets.AsSpan(from, Math.Min(4000, octets.Length - from)).Fill(0xFF);
        File.WriteAllBytes(Database, octets);
        var refusal = Assert.Throws<StartupException>(() => StateDatabase.Open(_directory.FullName));
        Assert.Contains("corrupt", refusal.Problem, StringComparison.Ordinal);
        Assert.Contains("move it away", refusal.Remedy, StringComparison.Ordinal);
        Assert.Equal(octets, File.ReadAllBytes(Database));
    }

    [Fact]
    public void A_database_of_another_program_or_a_newer_version_is_not_touched()
    {
        Ask("CREATE TABLE t (a); PRAGMA user_version = 3");
        File.SetUnixFileMode(Database, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Contains("another program", Assert.Throws<StartupException>(() => StateDatabase.Open(_directory.FullName)).Problem, StringComparison.Ordinal);

        File.Delete(Database);
        Use(_ => { });
        Ask("PRAGMA user_version = 99");
        Assert.Contains("newer version", Assert.Throws<StartupException>(() => StateDatabase.Open(_directory.FullName)).Problem, StringComparison.Ordinal);
    }

    private static Pin FirstUse(InetAddress address, PeerKey key) => new(address, key.Fingerprint, PinOrigin.FirstUse);

    private void Use(Action<PinStore> use)
    {
        using var database = StateDatabase.Open(_directory.FullName);
        use(new PinStore(database, () => _now));
    }

    private object? Ask(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
