using System.Runtime.InteropServices;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Logging;
using Latchkey.Daemon.Pins;
using Latchkey.Datapath;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Linux;
using Latchkey.Linux.Netlink;
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

        using var lasting = LastingState.Open(settings, log);
        configuration = configuration with { Policy = configuration.Policy with { Pins = LastingState.Remembered(lasting.Pins.Load) } };
        log.Starting(RunningDaemon.Version, configuration.File, lasting.Identity.Public.Fingerprint.ToString());
        var keys = settings.KeyExportDirectory is { } directory ? new KeyExportFiles(directory, log) : null;
        Ciphers.Choose(log);
        Rehearsal.Play(EngineConfiguration.Of(settings, []));
        using var network = HostNetwork.Open(
            configuration.Policy, [.. SocketCensus.Connections(InetDiag.Require(SocketWatch.Sockets)), .. lasting.Left.Latches.Select(latch => latch.Flow)]);
        var core = new DaemonCore(configuration, lasting, network, keys, log);
        await using (core.ConfigureAwait(false))
        {
            await Succession.TakeOverAsync(core, lasting, network, settings.BirthCertificates).ConfigureAwait(false);
            await RunAsync(configuration, lasting, network, core, logs, log, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Lets in what comes from the network, the kernel and people, until <paramref name="stop"/>.</summary>
    private static async Task RunAsync(
        DaemonConfiguration configuration, LastingState lasting, HostNetwork network, DaemonCore core, ILoggerFactory logs, ILogger log, CancellationToken stop)
    {
        using var receiver = new IkeReceiver(network.Port500, core.Door);
        receiver.Start();
        using var knocks = new KnockWatch(network.Settings, core.Datapath.ProcessClear);
        WatchKnocks(knocks, configuration.Policy);
        void NetworkChanged()
        {
            var addresses = LocalAddresses.List();
            core.Loop.Post((engine, now) => engine.HandleLocalAddresses(now, [.. addresses]));
            core.Routes.Follow();
        }

        using var monitor = new NetworkMonitor(NetworkChanged, core.Routes.Failed);
        try
        {
            NetworkChanged();
        }
        catch (LinuxException e)
        {
            core.Routes.Failed(e);
        }

        // The engine knows this host's addresses by now, and so which flows it forwards.
        var broken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var threads = new DatapathThreads(
            core.Datapath, network.Tun, network.Outer, LargestPacket, (name, e) => broken.TrySetException(new InvalidOperationException($"the datapath's thread {name} failed", e)),
            core.Loop.AnswerQuestions);
        var drops = new DropReport(core.Datapath, network);
        core.Metrics.Observe(drops.Read, () => RunningDaemon.Named(core.Engine.IkeDrops));
        using var reloader = new Reloader(configuration, network, knocks, core.Loop, core.Record, core.Clock, log);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            _ = reloader.ReloadAsync(stop);
        });
        var daemon = new RunningDaemon(
            reloader, lasting.Identity.Public.Fingerprint, core.Loop, core.Events, core.Clock, drops.Read, new PinDesk(core.Loop, core.Pins, lasting.IpsecHosts), () => Degraded(network, core.Pins),
            core.Applications);
        var control = await ControlServer.StartAsync(configuration.Settings.Control, daemon, logs).ConfigureAwait(false);
        await using (control.ConfigureAwait(false))
        {
            Announce(configuration, network, core, log);
            using var watching = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var watch = new SocketWatch(core.Loop, core.Applications.Listeners, reloader.ReleaseHeldAsync)
                .RunAsync(e => core.Degraded($"latches of sockets that are gone stay: {e.Message}"), watching.Token);
            await Task.WhenAny(core.Loop.Ended, broken.Task, Task.Delay(Timeout.Infinite, stop)).ConfigureAwait(false);
            if (core.Loop.Ended.IsFaulted || broken.Task.IsFaulted)
            {
                // Fail closed: the device goes with the process, the rules stay, and no packet finds a way.
                log.EngineFailed((core.Loop.Ended.Exception ?? broken.Task.Exception)!.InnerException!);
                throw new StartupException("the daemon failed and stopped; protected flows are blocked", "start it again; the log says what happened");
            }

            log.Stopping();
            core.Tell(EventKind.DaemonStopping, "the daemon stops; protected flows stay blocked");
            await watching.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(false);
            await core.Loop.AskAsync(Leave, CancellationToken.None).ConfigureAwait(false);
            core.Events.Complete();
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

    private static bool Leave(LatchEngine engine, TimeSpan now)
    {
        engine.Shutdown(now);
        return true;
    }

    private static IReadOnlyList<string> Degraded(HostNetwork network, PinKeeper pins) =>
        [.. network.Degraded, .. Ciphers.Degraded, .. pins.Problem is { } problem ? [$"pins cannot be recorded: {problem}"] : Array.Empty<string>()];

    private static void Announce(DaemonConfiguration configuration, HostNetwork network, DaemonCore core, ILogger log)
    {
        foreach (var sentence in network.Repaired)
        {
            core.Tell(EventKind.Repaired, sentence);
        }

        foreach (var sentence in network.Degraded.Concat(Ciphers.Degraded))
        {
            core.Degraded(sentence);
        }

        if (configuration.Settings.KeyExportDirectory is { } directory)
        {
            log.KeysExported(directory);
            core.Tell(EventKind.KeyExportOn, $"keys are exported to {directory}: whoever reads it reads the traffic");
        }

        core.Tell(EventKind.DaemonStarted, $"latchkey {RunningDaemon.Version} runs; protect entries: {configuration.Policy.Protect.Length}");
        log.Ready(configuration.Settings.Control);
    }
}
