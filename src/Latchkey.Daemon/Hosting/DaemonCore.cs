using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Events;
using Latchkey.Daemon.Identity;
using Latchkey.Daemon.Logging;
using Latchkey.Daemon.Pins;
using Latchkey.Datapath;
using Latchkey.Engine;
using Latchkey.Linux.Protection;
using Microsoft.Extensions.Logging;

namespace Latchkey.Daemon.Hosting;

/// <summary>The engine on its loop, and everything that its effects reach. Nothing comes in yet.</summary>
internal sealed class DaemonCore : IAsyncDisposable
{
    private readonly DisposalStack _open = new();
    private readonly IpsecHostKeeper _ipsecHosts;
    private readonly EventRecorder _recorder;

    /// <param name="keys">Null unless the configuration exports keys.</param>
    /// <exception cref="StartupException">A file beside the key cannot be used, or the kernel lacks something.</exception>
    public DaemonCore(DaemonConfiguration configuration, LastingState lasting, HostNetwork network, KeyExportFiles? keys, ILogger log)
    {
        try
        {
            Metrics = _open.Push(new DaemonMetrics());
            _recorder = new EventRecorder(Events, new ReportBuilder(Clock), Metrics, log);
            Engine = _open.Push(new LatchEngine(Settings(configuration.Settings, lasting, Clock), configuration.Policy, lasting.Identity, SystemRandom.Instance, lasting.Journal)
            {
                Credentials = configuration.Credentials,
            });
            Engine.RememberIpsecHosts(LastingState.Remembered(lasting.IpsecHosts.Load).Select(known => (known.Host, known.Since - Clock.Started)));
            Loop = _open.Push(new EngineLoop(Engine, Clock, EffectRunner.MayWait));
            Routes = new HostRoutes(network.Protection, Degraded);
            Applications = _open.Push(InetDiag.Require(() => new Applications(Clock)));
            Door = new IkeDoor(Engine.Gate, new IkeLinks(network.Port500, network.Port4500), Loop, Clock);
            var questions = new DatapathQuestions(Loop, Applications.Sockets, Applications.Expected, Routes.Narrow, Door);
            Clear = _open.Push(new ClearPath(network.Protection, network.Settings.Mark, e => Degraded(e.Message)));
            Datapath = _open.Push(new UserDatapath(network.Tun, network.Outer, questions, () => Clock.Now, clear: Clear));
            Pins = new PinKeeper(lasting.Pins, Loop, Recording);
            _ipsecHosts = new IpsecHostKeeper(lasting.IpsecHosts, Loop, IpsecHostKeeper.RetryInterval, Recording);
        }
        catch
        {
            _open.Dispose();
            throw;
        }

        var effects = new EffectRunner(
            Datapath, new IkeLinks(network.Port500, network.Port4500), Pins, Record, _ipsecHosts.Record, flow => Applications.Alerts.AwaitDelivery(flow, Events.Last),
            Routes.DeliverToLost, Routes.FollowTunnel, keys);
        Loop.Start(effects.Run);
        Pins.Start();
        _ipsecHosts.Start();
    }

    public DaemonClock Clock { get; } = new();

    public EventStream Events { get; } = new();

    public DaemonMetrics Metrics { get; }

    /// <summary>For what any thread may ask of it; everything else goes through the loop.</summary>
    public LatchEngine Engine { get; }

    public EngineLoop Loop { get; }

    public HostRoutes Routes { get; }

    public Applications Applications { get; }

    public IkeDoor Door { get; }

    public ClearPath Clear { get; }

    public UserDatapath Datapath { get; }

    public PinKeeper Pins { get; }

    public void Record(EngineEvent e) => _recorder.Record(e);

    /// <summary>Records an event of the daemon itself.</summary>
    public void Tell(EventKind kind, string text) => Record(new EngineEvent(kind, Clock.Now, text));

    public void Degraded(string text) => Tell(EventKind.Degraded, text);

    public async ValueTask DisposeAsync()
    {
        await _ipsecHosts.DisposeAsync().ConfigureAwait(false);
        await Pins.DisposeAsync().ConfigureAwait(false);
        _open.Dispose();
    }

    private static EngineSettings Settings(DaemonSettings settings, LastingState lasting, DaemonClock clock)
    {
        var engine = EngineConfiguration.Of(settings, lasting.Memory.QcdSecrets);
        return engine with
        {
            Ike = engine.Ike with
            {
                Vouchers = [.. VoucherFile.Load(settings.KeyFile, lasting.Identity.Public.Fingerprint)],
                Certificate = settings.CertificateFile is { } file ? CertificateFile.Load(file, lasting.Identity) : null,
                Origin = clock.Started - DateTime.UnixEpoch,
            },
        };
    }

    private void Recording(bool fails, string text) => Tell(fails ? EventKind.Degraded : EventKind.Repaired, text);
}
