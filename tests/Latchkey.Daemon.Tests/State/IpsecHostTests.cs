using System.Collections.Concurrent;
using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.State;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Wire;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Latchkey.Daemon.Tests.State;

/// <summary>Who has spoken IPsec is remembered in a real SQLite file, and what cannot be remembered is not risked.</summary>
public sealed class IpsecHostTests : IDisposable
{
    private static readonly InetAddress C = InetAddress.Parse("192.0.2.7");
    private static readonly InetAddress D = InetAddress.Parse("2001:db8::9");
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("latchkey-state-");
    private DateTime _now = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void B13_A_host_that_spoke_IPsec_is_remembered_with_the_first_time_until_it_is_forgotten()
    {
        Use(store => store.Record(C));
        _now += TimeSpan.FromDays(1);
        Use(store =>
        {
            store.Record(C);
            store.Record(D);
        });
        Use(store =>
        {
            Assert.Equal([(C, _now.AddDays(-1)), (D, _now)], store.Load().OrderBy(known => known.Since));
            store.Forget(C);
        });
        Use(store => Assert.Equal(D, Assert.Single(store.Load()).Host));
    }

    [Fact]
    public async Task B13_While_it_cannot_be_recorded_no_further_flow_goes_in_clear_and_then_it_is()
    {
        using var identity = SigningKey.Generate(SystemRandom.Instance);
        using var engine = new LatchEngine(EngineConfiguration.Of(new DaemonSettings(), []), SecurityPolicy.Empty, identity, SystemRandom.Instance);
        using var loop = new EngineLoop(engine, new DaemonClock());
        using var told = new BlockingCollection<(bool Fails, string Text)>();
        using var database = StateDatabase.Open(_directory.FullName);
        var store = new IpsecHostStore(database, () => _now);
        loop.Start(_ => { });
        await using (var keeper = new IpsecHostKeeper(store, loop, TimeSpan.FromMilliseconds(20), (fails, text) => told.Add((fails, text))))
        {
            keeper.Start();
            Run("ALTER TABLE ipsec_hosts RENAME TO gone");
            keeper.Record(C);
            Assert.True(told.TryTake(out var first, Limit));
            Assert.True(first.Fails);
            Assert.Contains($"that {C} speaks IPsec", first.Text, StringComparison.Ordinal);
            Assert.NotNull(await loop.AskAsync((e, _) => e.ClearSuspended, Cancellation));

            Run("ALTER TABLE gone RENAME TO ipsec_hosts");
            Assert.True(told.TryTake(out var second, Limit));
            Assert.False(second.Fails);
            Assert.Null(await loop.AskAsync((e, _) => e.ClearSuspended, Cancellation));
            keeper.Record(D);
        }

        Assert.Equal([C, D], store.Load().Select(known => known.Host));
        Assert.Empty(told);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private void Use(Action<IpsecHostStore> use)
    {
        using var database = StateDatabase.Open(_directory.FullName);
        use(new IpsecHostStore(database, () => _now));
    }

    private void Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_directory.FullName, StateDatabase.FileName)};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
