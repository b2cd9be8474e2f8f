using System.Reflection;
using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Events;
using Latchkey.Daemon.Pins;
using Latchkey.Daemon.Reports;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>Answers the control API from the engine and the configuration.</summary>
/// <param name="drops">Packets the datapath dropped, by reason.</param>
/// <param name="degraded">What works less well than it could here.</param>
/// <param name="applications">What applications say.</param>
internal sealed class RunningDaemon(
    Reloader reloader,
    KeyFingerprint identity,
    EngineLoop loop,
    EventStream events,
    DaemonClock clock,
    Func<IReadOnlyDictionary<string, long>> drops,
    PinDesk pins,
    Func<IReadOnlyList<string>> degraded,
    Applications applications) : IDaemonControl
{
    private readonly ReportBuilder _reports = new(clock);

    private DaemonConfiguration Configuration => reloader.Current;

    public static string Version { get; } =
        typeof(RunningDaemon).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public EventStream Events => events;

    public ISocketOwners Sockets => applications.Sockets;

    public OwnerAlerts Alerts => applications.Alerts;

    public Task<StatusReport> StatusAsync(CancellationToken cancellation) => loop.AskAsync(
        (engine, _) =>
        {
            var sas = engine.Sas();
            return new StatusReport(
                Version,
                Environment.ProcessId,
                clock.Started,
                Configuration.File,
                identity.ToString(),
                "user",
                Configuration.Settings.KeyExportDirectory,
                [.. Configuration.Policy.Protect.Select(e => e.Name)],
                Configuration.Policy.Peers.Length,
                engine.Peers().Count,
                sas.Count,
                sas.Sum(sa => sa.Children.Length),
                engine.Latches().GroupBy(ReportBuilder.State).ToDictionary(g => g.Key, g => g.Count()),
                drops(),
                Named(engine.IkeDrops),
                loop.Refused,
                engine.JournalFailure is { } failure ? [.. degraded(), $"the latch journal cannot be written: {failure}; connections that begin now are refused"] : degraded())
            {
                Ciphers = CiphersReport.Of(AeadBackend.Chosen),
                Memory = MemoryReport.Now(),
                ClearFlows = engine.ClearFlows().Count,
                IpsecHosts = engine.IpsecHostCount,
                ProofUntil = _reports.Time(sas.Min(sa => sa.ProofUntil)),
                Tunnels = [.. engine.Tunnels().Select(_reports.Tunnel)],
                ClearSuspended = engine.ClearSuspended,
            };
        },
        cancellation);

    public async Task<LatchesReport> LatchesAsync(CancellationToken cancellation)
    {
        var (latches, clear) = await loop.AskAsync((engine, _) => (engine.Latches(), engine.ClearFlows()), cancellation).ConfigureAwait(false);

        return new LatchesReport(WithOwners(latches))
        {
            ClearFlows = [.. clear.Select(_reports.ClearFlow)],
        };
    }

    public async Task<PeersReport> PeersAsync(CancellationToken cancellation)
    {
        var peers = await loop.AskAsync((engine, _) => engine.Peers().Select(_reports.Peer).ToList(), cancellation).ConfigureAwait(false);
        return new PeersReport(peers, [.. (await pins.ListAsync(cancellation).ConfigureAwait(false)).Select(PinReport.From)]);
    }

    public Task<SasReport> SasAsync(CancellationToken cancellation) =>
        loop.AskAsync((engine, _) => new SasReport([.. engine.Sas().Select(_reports.IkeSa)]), cancellation);

    public Task<FingerprintReport?> FingerprintAsync(string? peer, CancellationToken cancellation) =>
        peer is null
            ? Task.FromResult<FingerprintReport?>(FingerprintReport.Of(null, identity))
            : Known(peer) is { } known
                ? Task.FromResult<FingerprintReport?>(FingerprintReport.Of(known.Name, known.Key))
                : loop.AskAsync((engine, _) => Connected(engine, peer), cancellation);

    public async Task<ExplainReport> ExplainAsync(FlowQuery query, CancellationToken cancellation)
    {
        var (policy, latches, clear) = await loop.AskAsync(
            (engine, _) => (engine.Policy, engine.Latches().Where(l => query.Matches(l.Flow)).ToList(), engine.ClearFlows().Where(f => query.Matches(f.Flow)).ToList()),
            cancellation).ConfigureAwait(false);
        return FlowExplainer.Explain(query, policy, WithOwners(latches), [.. clear.Select(_reports.ClearFlow)], LastRefusal.With(query.PeersIn(policy), events));
    }

    public Task<bool> CloseLatchAsync(LatchId latch, CancellationToken cancellation) =>
        loop.AskAsync((engine, now) => engine.CloseLatch(now, latch), cancellation);

    public Task<ReloadReport> ReloadAsync(CancellationToken cancellation) => reloader.ReloadAsync(cancellation);

    public Task<PinChangeReport> PinAsync(InetAddress address, KeyFingerprint? key, bool close, CancellationToken cancellation) =>
        pins.PinAsync(address, key, close, cancellation);

    public Task<PinChangeReport> UnpinAsync(InetAddress address, CancellationToken cancellation) => pins.UnpinAsync(address, cancellation);

    public Task<PinChangeReport> ForgetAsync(InetAddress address, CancellationToken cancellation) => pins.ForgetAsync(address, cancellation);

    public Task<ConnectionReport> ConnectionAsync(FlowKey flow, CancellationToken cancellation) =>
        loop.AskAsync((engine, _) => _reports.Connection(flow, engine.Policy.Find(flow), engine.IsClear(flow), engine.Inquire(flow)), cancellation);

    public Task<string?> GrantAsync(FlowKey flow, uint user, bool held, FlowWishes wishes, CancellationToken cancellation) => loop.AskAsync(
        (engine, now) => engine.Inquire(flow) is null && !engine.IsClear(flow) ? Expect(engine.Policy, flow, user, wishes)
            : held ? engine.Grant(now, flow, wishes)
            : $"no process holds {flow} yet, or any more",
        cancellation);

    public Task<ListenerReport?> ListenerAsync(ListenerKey listener, CancellationToken cancellation) =>
        loop.AskAsync((engine, _) => engine.Inquire(listener) is { } latch ? new ListenerReport(_reports.Latch(latch)) : null, cancellation);

    public Task<string?> GrantAsync(ListenerKey listener, SocketOwner socket, FlowWishes wishes, CancellationToken cancellation) => applications.Listeners.InTurnAsync(
        () =>
        {
            // The engine hears of new listeners once a second; whoever asks does not wait for that.
            var listeners = SocketCensus.Listeners(SocketWatch.Sockets());
            var another = applications.Listeners.Note(listener, socket.Inode);
            return loop.AskAsync(
                (engine, now) =>
                {
                    engine.HandleListeners(now, listeners);
                    if (another)
                    {
                        engine.ForgetWishes(listener);
                    }

                    return engine.Grant(listener, wishes);
                },
                cancellation);
        },
        cancellation);

    public Task<IReadOnlyList<(uint Latch, FlowKey Flow)>> LatchedAsync(IReadOnlyList<FlowKey> flows, CancellationToken cancellation) => loop.AskAsync(
        (engine, _) => (IReadOnlyList<(uint, FlowKey)>)[.. engine.Latched(flows).Select(found => (found.Latch.Value, found.Flow))], cancellation);

    /// <summary>Counters that are not zero, by their name in snake case.</summary>
    public static Dictionary<string, long> Named<T>(IReadOnlyDictionary<T, long> counters)
        where T : struct, Enum => counters.Where(c => c.Value > 0).ToDictionary(c => ReportBuilder.Name(c.Key), c => c.Value);

    private string? Expect(SecurityPolicy policy, FlowKey flow, uint user, FlowWishes wishes)
    {
        var query = new FlowQuery(flow.Protocol, flow.Local.IsUnspecified ? null : flow.Local, flow.LocalPort, flow.Remote, flow.RemotePort);
        return !policy.Protect.Any(query.MayBeCoveredBy) ? $"no [[protect]] entry covers {flow}"
            : !applications.Expected.TryAdd(user, flow, wishes) ? $"user {user} expects {ExpectedFlows.OfOneUser} connections already"
            : null;
    }

    /// <summary>Not for the engine's thread: processes are many, and packets wait for it.</summary>
    private List<LatchReport> WithOwners(IReadOnlyList<Engine.LatchSnapshot> latches)
    {
        var owners = LatchOwners.Look(latches.Select(l => l.Flow));
        return [.. latches.Select(l => _reports.Latch(l) with { Owner = owners.Of(l.Flow) })];
    }

    private static FingerprintReport? Connected(Engine.LatchEngine engine, string peer)
    {
        InetAddress? address = InetAddress.TryParse(peer, out var parsed) ? parsed : null;
        var found = engine.Peers().FirstOrDefault(p => p.Key == peer || (address is { } a && p.Addresses.Contains(a)));
        return found is not null && KeyFingerprint.TryParse(found.Key, out var key) ? FingerprintReport.Of(found.Name, key) : null;
    }

    private KnownPeer? Known(string peer) => Configuration.Policy.Peers.FirstOrDefault(
        p => p.Name == peer || p.Key.ToString() == peer || (InetAddress.TryParse(peer, out var address) && p.Owns(address)));
}
