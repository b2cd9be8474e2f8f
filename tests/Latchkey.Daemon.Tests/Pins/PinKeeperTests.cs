using Latchkey.Crypto;
using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.Pins;
using Latchkey.Daemon.State;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Pins;

/// <summary>The keeper of pins with a real store and a real engine's loop.</summary>
public sealed class PinKeeperTests : IAsyncDisposable
{
    private static readonly InetAddress C = InetAddress.Parse("192.0.2.7");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("latchkey-keeper-");
    private readonly SigningKey _identity = SigningKey.Generate(SystemRandom.Instance);
    private readonly SigningKey _peer = SigningKey.Generate(SystemRandom.Instance);
    private readonly StateDatabase _database;
    private readonly LatchEngine _engine;
    private readonly EngineLoop _loop;
    private readonly PinKeeper _keeper;
    private readonly List<(bool Fails, string Text)> _told = [];

    public PinKeeperTests()
    {
        _database = StateDatabase.Open(_directory.FullName);
        _engine = new LatchEngine(EngineConfiguration.Of(new(), []), SecurityPolicy.Empty, _identity, SystemRandom.Instance);
        _loop = new EngineLoop(_engine, new DaemonClock());
        _keeper = new PinKeeper(new PinStore(_database, () => DateTime.UnixEpoch), _loop, (fails, text) => _told.Add((fails, text)));
        _loop.Start(_ => { });
        _keeper.Start();
    }

    private string File => Path.Combine(_directory.FullName, StateDatabase.FileName);

    public async ValueTask DisposeAsync()
    {
        await _keeper.DisposeAsync();
        _loop.Dispose();
        _engine.Dispose();
        _database.Dispose();
        _identity.Dispose();
        _peer.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task B13_What_the_engine_decided_is_recorded()
    {
        _keeper.Keep(Use(C));
        var listed = await _keeper.ListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(C, Assert.Single(listed!).Pin.Address);
        Assert.Empty(_told);
    }

    [Fact]
    public async Task What_cannot_be_recorded_is_not_pinned_and_is_said_once_and_when_it_works_again_too()
    {
        // SQLite takes a file that is not there any more for one that cannot be written.
        System.IO.File.Move(File, File + ".away");
        _keeper.Keep(Use(C));
        _keeper.Keep(Use(InetAddress.Parse("192.0.2.8")));
        Assert.NotNull(await _keeper.ListAsync(TestContext.Current.CancellationToken));
        Assert.True(Assert.Single(_told).Fails);
        Assert.Contains("New first-use peers are refused", _told[0].Text, StringComparison.Ordinal);
        Assert.NotNull(_keeper.Problem);
        await Assert.ThrowsAsync<StateException>(() => _keeper.ChangeAsync(store => store.Set(new Pin(C, _peer.Public.Fingerprint, PinOrigin.Person), null), TestContext.Current.CancellationToken));

        System.IO.File.Move(File + ".away", File);
        _keeper.Keep(Use(C));
        Assert.Single((await _keeper.ListAsync(TestContext.Current.CancellationToken))!);
        Assert.Equal([true, false], _told.Select(told => told.Fails));
        Assert.Null(_keeper.Problem);
    }

    [Fact]
    public async Task A_pin_of_another_key_is_refused_and_the_one_that_is_there_stays()
    {
        using var other = SigningKey.Generate(SystemRandom.Instance);
        _keeper.Keep(Use(C));
        _keeper.Keep(new RecordPin(new Pin(C, other.Public.Fingerprint, PinOrigin.FirstUse), other.Public, InPlaceOf: null));
        Assert.Equal(_peer.Public.Fingerprint, Assert.Single((await _keeper.ListAsync(TestContext.Current.CancellationToken))!).Pin.Key);
    }

    [Fact]
    public async Task Under_a_flood_sightings_are_dropped_and_changes_are_not()
    {
        _keeper.Keep(Use(C));
        using var gate = new ManualResetEventSlim();
        var held = _keeper.ChangeAsync(_ => gate.Wait(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        for (var i = 0; i < 1000; i++)
        {
            _keeper.Count(new CountSighting(C, _peer.Public));
        }

        var change = _keeper.ChangeAsync(store => store.Set(new Pin(C, _peer.Public.Fingerprint, PinOrigin.Person), _peer.Public), TestContext.Current.CancellationToken);
        gate.Set();
        await held;
        await change;
        var pin = Assert.Single((await _keeper.ListAsync(TestContext.Current.CancellationToken))!);
        Assert.Equal(PinOrigin.Person, pin.Pin.Origin);
        Assert.InRange(pin.Count, 1, 258);
    }

    private RecordPin Use(InetAddress address) => new(new Pin(address, _peer.Public.Fingerprint, PinOrigin.FirstUse), _peer.Public, InPlaceOf: null);
}
