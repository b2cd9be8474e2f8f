using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Events;
using Latchkey.Daemon.Identity;
using Latchkey.Daemon.Journal;
using Latchkey.Daemon.Logging;
using Latchkey.Daemon.Pins;
using Latchkey.Daemon.State;
using Latchkey.Datapath;
using Latchkey.Engine;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Linux;
using Latchkey.Linux.Netlink;
using Latchkey.Linux.Protection;
using Latchkey.Wire;
using Microsoft.Extensions.Logging;

namespace Latchkey.Daemon.Hosting;

/// <summary><c>latchkey run</c>: puts the rooms together, and takes them apart in the reverse order.</summary>
public static class DaemonHost
{
    /// <summary>An IP packet at its largest, which is also what a receive buffer must hold.</summary>
    private const int LargestPacket = 65535;

    /// <summary>Runs until <paramref name="stop"/>. Protected traffic is closed from the first moment, and stays so afterwards.</summary>
    /// <exception cref="StartupException">The daemon cannot start; the message says why and what helps.</exception>
    public static async Task RunAsync(DaemonConfiguration configuration, IEnumerable<Finding> warnings, ILoggerFactory logs, CancellationToken stop)
    {
        var log = logs.CreateLogger("latchkey");
        var settings = configuration.Settings;
        foreach (var warning in warnings)
        {
            log.ConfigurationWarning(warning.ToString());
        }

        using var stateLock = StateLock.Take(settings.StateDirectory);
        var (identity, made) = IdentityStore.LoadOrMake(settings.KeyFile, SystemRandom.Instance);
        using (identity)
        {
            if (made)
            {
                log.IdentityMade(settings.KeyFile);
            }

            using var state = StateDatabase.Open(settings.StateDirectory);
            var pins = new PinStore(state, () => DateTime.UtcNow);
            var hosts = new IpsecHostStore(state, () => DateTime.UtcNow);
            configuration = configuration with { Policy = configuration.Policy with { Pins = Remembered(pins.Load) } };
            log.Starting(RunningDaemon.Version, configuration.File, identity.Public.Fingerprint.ToString());
            // By default both are one: users must reach the socket in it, and nothing else of it is theirs to read.
            SharedDirectory.Ensure(Path.GetDirectoryName(settings.Control)!);
            PrivateDirectory.Ensure(settings.RuntimeDirectory);
            var keys = settings.KeyExportDirectory is { } directory ? new KeyExportFiles(directory, log) : null;
            using var memory = HostMemory.Load(settings);
            Ciphers.Choose(log);
            Rehearsal.Play(EngineSettings(settings, []));
            using var journal = new LatchJournal(settings.RuntimeDirectory, new JournalHeader(KernelBoot.Id(), identity.Public.Fingerprint));
            var left = journal.Read();
            using var network = HostNetwork.Open(configuration.Policy, [.. SocketCensus.Connections(AskKernel(SocketWatch.Sockets)), .. left.Latches.Select(latch => latch.Flow)]);
            await RunAsync(configuration, identity, memory, pins, hosts, journal, left, network, keys, logs, log, stop).ConfigureAwait(false);
        }
    }

    private static async Task RunAsync(
        DaemonConfiguration configuration, SigningKey identity, HostMemory memory, PinStore pins, IpsecHostStore hosts, LatchJournal journal, JournalReading left, HostNetwork network,
        KeyExportFiles? keys, ILoggerFactory logs, ILogger log, CancellationToken stop)
    {
        var settings = EngineSettings(configuration.Settings, memory.QcdSecrets);
        var clock = new DaemonClock();
        settings = settings with
        {
            Ike = settings.Ike with
            {
                Vouchers = [.. VoucherFile.Load(configuration.Settings.KeyFile, identity.Public.Fingerprint)],
                Certificate = configuration.Settings.CertificateFile is { } file ? CertificateFile.Load(file, identity) : null,
                Origin = clock.Started - DateTime.UnixEpoch,
            },
        };
        var events = new EventStream();
        using var metrics = new DaemonMetrics();
        var recorder = new EventRecorder(events, new ReportBuilder(clock), metrics, log);
        void Tell(EventKind kind, string text) => recorder.Record(new EngineEvent(kind, clock.Now, text));

        using var engine = new LatchEngine(settings, configuration.Policy, identity, SystemRandom.Instance, journal) { Credentials = configuration.Credentials };
        engine.RememberIpsecHosts(Remembered(hosts.Load).Select(known => (known.Host, known.Since - clock.Started)));
        using var loop = new EngineLoop(engine, clock, EffectRunner.MayWait);
        void RoutesFailed(LinuxException e) => Tell(EventKind.Degraded, $"the routes of protected traffic do not follow the host's: {e.Message}");
        using var applications = AskKernel(() => new Applications(clock));
        var door = new IkeDoor(engine.Gate, new IkeLinks(network.Port500, network.Port4500), loop, clock);
        var questions = new DatapathQuestions(loop, applications.Sockets, applications.Expected, remote =>
        {
            try
            {
                network.Protection.NarrowPath(remote);
            }
            catch (LinuxException e)
            {
                RoutesFailed(e);
            }
        }, door);
        using var clear = new ClearPath(network.Protection, network.Settings.Mark, e => Tell(EventKind.Degraded, e.Message));
        using var datapath = new UserDatapath(network.Tun, network.Outer, questions, () => clock.Now, clear: clear);
        var keeper = new PinKeeper(pins, loop, (fails, text) => Tell(fails ? EventKind.Degraded : EventKind.Repaired, text));
        await using var keeping = keeper.ConfigureAwait(false);
        var hostKeeper = new IpsecHostKeeper(hosts, loop, IpsecHostKeeper.RetryInterval, (fails, text) => Tell(fails ? EventKind.Degraded : EventKind.Repaired, text));
        await using var keepingHosts = hostKeeper.ConfigureAwait(false);
        void DeliverToLost(IReadOnlyCollection<InetAddress> addresses)
        {
            try
            {
                network.Protection.DeliverToLost(addresses);
            }
            catch (LinuxException e)
            {
                Tell(EventKind.Degraded, $"applications are not told that their address is lost: {e.Message}");
            }
        }

        void PathMoved(AddressPair path, AddressPair ends)
        {
            try
            {
                network.Protection.FollowTunnel(path, ends);
            }
            catch (LinuxException e)
            {
                RoutesFailed(e);
            }
        }

        var effects = new EffectRunner(datapath, new IkeLinks(network.Port500, network.Port4500), keeper, recorder.Record, hostKeeper.Record, flow => applications.Alerts.AwaitDelivery(flow, events.Last), DeliverToLost, PathMoved, keys);
        loop.Start(effects.Run);
        keeper.Start();
        hostKeeper.Start();

        // Before the first packet is read: connections older than this daemon must not be latched to whoever answers now.
        var sockets = AskKernel(SocketWatch.Sockets);
        Judge(left, Tell);
        var latches = SocketCensus.Living(left.Latches, sockets);
        var lost = await loop.AskAsync((e, now) => Adopt(e, now, latches, sockets, network, clear), CancellationToken.None).ConfigureAwait(false);
        if (lost)
        {
            // Nothing is left of what our peers hold latched: a new life, so that they learn it.
            memory.Birth.BeginAnew();
        }

        if (configuration.Settings.BirthCertificates)
        {
            await loop.AskAsync((e, now) => e.Birth = memory.Birth.Certificate(now), CancellationToken.None).ConfigureAwait(false);
        }

        var broken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var receiver = new IkeReceiver(network.Port500, door);
        receiver.Start();
        using var knocks = new KnockWatch(network.Settings, datapath.ProcessClear);
        WatchKnocks(knocks, configuration.Policy);
        void NetworkChanged()
        {
            var addresses = LocalAddresses.List();
            loop.Post((e, now) => e.HandleLocalAddresses(now, [.. addresses]));
            network.Protection.FollowRoutes();
        }

        using var monitor = new NetworkMonitor(NetworkChanged, RoutesFailed);
        try
        {
            NetworkChanged();
        }
        catch (LinuxException e)
        {
            RoutesFailed(e);
        }

        // The engine knows this host's addresses by now, and so which flows it forwards.
        using var threads = new DatapathThreads(
            datapath, network.Tun, network.Outer, LargestPacket, (name, e) => broken.TrySetException(new InvalidOperationException($"the datapath's thread {name} failed", e)), loop.AnswerQuestions);
        var drops = new DropReport(datapath, network);
        metrics.Observe(drops.Read, () => RunningDaemon.Named(engine.IkeDrops));
        using var reloader = new Reloader(configuration, network, knocks, loop, recorder.Record, clock, log);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            _ = reloader.ReloadAsync(stop);
        });
        var daemon = new RunningDaemon(reloader, identity.Public.Fingerprint, loop, events, clock, drops.Read, new PinDesk(loop, keeper, hosts),
            () => [.. network.Degraded, .. Ciphers.Degraded, .. keeper.Problem is { } problem ? [$"pins cannot be recorded: {problem}"] : Array.Empty<string>()], applications);
        var control = await ControlServer.StartAsync(configuration.Settings.Control, daemon, logs).ConfigureAwait(false);
        await using (control.ConfigureAwait(false))
        {
            Announce(configuration, network, keys is not null, Tell, log);
            using var watching = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var watch = new SocketWatch(loop, applications.Listeners, reloader.ReleaseHeldAsync).RunAsync(e => Tell(EventKind.Degraded, $"latches of sockets that are gone stay: {e.Message}"), watching.Token);
            await Task.WhenAny(loop.Ended, broken.Task, Task.Delay(Timeout.Infinite, stop)).ConfigureAwait(false);
            if (loop.Ended.IsFaulted || broken.Task.IsFaulted)
            {
                // Fail closed: the device goes with the process, the rules stay, and no packet finds a way.
                log.EngineFailed((loop.Ended.Exception ?? broken.Task.Exception)!.InnerException!);
                throw new StartupException("the daemon failed and stopped; protected flows are blocked", "start it again; the log says what happened");
            }

            log.Stopping();
            Tell(EventKind.DaemonStopping, "the daemon stops; protected flows stay blocked");
            await watching.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(false);
            await loop.AskAsync((e, now) => Leave(e, now), CancellationToken.None).ConfigureAwait(false);
            events.Complete();
        }
    }

    private static T AskKernel<T>(Func<T> question)
    {
        try
        {
            return question();
        }
        catch (LinuxException e)
        {
            throw new StartupException(e.Message, "use a kernel with inet_diag: without it connections older than the daemon cannot be found and reset, and nobody can be told from another");
        }
    }

    private static void WatchKnocks(KnockWatch knocks, SecurityPolicy policy)
    {
        try
        {
            knocks.Follow(policy);
        }
        catch (LinuxException e)
        {
            throw new StartupException(e.Message, "load the module nfnetlink_log, or write clear = \"never\"");
        }
    }

    private static T Remembered<T>(Func<T> load)
    {
        try
        {
            return load();
        }
        catch (StateException e)
        {
            throw new StartupException(e.Message, $"restore {StateDatabase.FileName} from a copy, or move it away: then nobody is pinned, and it is forgotten who has spoken IPsec");
        }
    }

    internal static EngineSettings EngineSettings(DaemonSettings settings, ImmutableArray<SecretBytes> qcdSecrets) => new()
    {
        Ike = new IkeSettings
        {
            IkeProposals = Proposals.Ike(settings),
            EspProposals = Proposals.Esp(settings),
            IkeLifetime = settings.IkeLifetime,
            ChildLifetime = settings.ChildLifetime,
            AuthenticationLifetime = settings.AuthenticationLifetime,
            GiveUpAfter = settings.GiveUpAfter,
            Esn = settings.Esn,
            ExportKeys = settings.KeyExportDirectory is not null,
            QcdSecrets = qcdSecrets,
        },
        BreakOnForeignInitialContact = settings.BreakOnForeignInitialContact,
    };

    private static void Judge(JournalReading left, Action<EventKind, string> tell)
    {
        if (left is JournalReading.Refused { Why: var why })
        {
            tell(EventKind.JournalRefused, $"the latch journal is refused: {why}; connections older than this daemon are reset");
        }
        else if (left is JournalReading.Found { Cut: > 0 and var cut })
        {
            tell(EventKind.Repaired, $"the latch journal ended in the middle of a record ({cut} octets), which had taken no effect yet and was cut off");
        }
    }

    /// <returns>Whether every latch of an earlier daemon is lost.</returns>
    private static bool Adopt(
        LatchEngine engine, TimeSpan now, IReadOnlyCollection<LatchRecord> latches, IReadOnlyList<SocketEntry> sockets, HostNetwork network, ClearPath clear)
    {
        engine.RestoreLatches(now, latches);
        var left = network.Protection.LeftInClear;
        engine.AdoptClearFlows(now, left.Except(SocketCensus.Missing(left, sockets)), byUs: true);
        if (!network.Protection.WasUp)
        {
            engine.AdoptClearFlows(now, SocketCensus.Connections(sockets), byUs: false);
        }

        foreach (var gone in left.Except(engine.ClearFlows().Select(f => f.Flow)))
        {
            clear.Close(gone);
        }

        var lost = engine.CloseOrphans(now, SocketCensus.Connections(sockets), network.Held);
        engine.HandleListeners(now, SocketCensus.Listeners(sockets));
        return lost;
    }

    private static bool Leave(LatchEngine engine, TimeSpan now)
    {
        engine.Shutdown(now);
        return true;
    }

    private static void Announce(DaemonConfiguration configuration, HostNetwork network, bool exportsKeys, Action<EventKind, string> tell, ILogger log)
    {
        foreach (var sentence in network.Repaired)
        {
            tell(EventKind.Repaired, sentence);
        }

        foreach (var sentence in network.Degraded.Concat(Ciphers.Degraded))
        {
            tell(EventKind.Degraded, sentence);
        }

        if (exportsKeys)
        {
            log.KeysExported(configuration.Settings.KeyExportDirectory!);
            tell(EventKind.KeyExportOn, $"keys are exported to {configuration.Settings.KeyExportDirectory}: whoever reads it reads the traffic");
        }

        tell(EventKind.DaemonStarted, $"latchkey {RunningDaemon.Version} runs with {configuration.Policy.Protect.Length} protect entries");
        log.Ready(configuration.Policy.Protect.Length, configuration.Settings.Control);
    }
}
