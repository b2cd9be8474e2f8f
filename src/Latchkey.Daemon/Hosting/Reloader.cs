using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Logging;
using Latchkey.Daemon.Reports;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Linux;
using Latchkey.Wire;
using Microsoft.Extensions.Logging;

namespace Latchkey.Daemon.Hosting;

/// <summary>
/// Reads the configuration file again. It is understood completely before anything is touched; then the host first
/// protects what either policy covers, the engine changes policy, and only then the host lets go of what the new one
/// bypasses, but for the flows that were latched.
/// </summary>
/// <param name="current">The configuration in force.</param>
internal sealed class Reloader(DaemonConfiguration current, HostNetwork network, KnockWatch knocks, EngineLoop loop, Action<EngineEvent> tell, DaemonClock clock, ILogger log) : IDisposable
{
    private readonly SemaphoreSlim _oneAtATime = new(1);

    public DaemonConfiguration Current { get; private set; } = current;

    /// <summary>Half a change would be worse than none: once begun it is not cancelled.</summary>
    public async Task<ReloadReport> ReloadAsync(CancellationToken cancellation)
    {
        await _oneAtATime.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var read = ConfigurationReader.ReadFile(Current.File);
            return read.Configuration is not { } wanted ? Refuse(read.Findings)
                : FixedSettings.Refuse(Current.Settings, wanted) is { IsEmpty: false } changed ? Refuse(changed)
                : await ChangeAsync(wanted, read.Findings).ConfigureAwait(false);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Lets flows pass in clear that the policy bypasses and that no latch holds inside any more.</summary>
    /// <exception cref="LinuxException">The kernel or nft refused.</exception>
    public async Task ReleaseHeldAsync(CancellationToken cancellation)
    {
        await _oneAtATime.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            network.Protection.Hold(await HeldAsync().ConfigureAwait(false));
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public void Dispose() => _oneAtATime.Dispose();

    private async Task<ReloadReport> ChangeAsync(DaemonConfiguration wanted, IReadOnlyList<Finding> findings)
    {
        PolicyChangeResult result;
        try
        {
            knocks.Follow(wanted.Policy);
            network.Protect([.. Current.Policy.Protect, .. wanted.Policy.Protect], await HeldAsync().ConfigureAwait(false));
            var connections = SocketCensus.Connections(SocketWatch.Sockets());
            result = await loop.AskAsync(
                (engine, now) =>
                {
                    engine.Credentials = wanted.Credentials;
                    return engine.ChangePolicy(now, wanted.Policy, connections);
                },
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (LinuxException e)
        {
            await ProtectOnlyAsync(Current.Policy).ConfigureAwait(false);
            return Refuse([new Finding(FindingKind.Error, wanted.File, 0, 0, $"the host refused: {e.Message}", "mend the host, and reload again")]);
        }

        Current = wanted;
        await ProtectOnlyAsync(wanted.Policy).ConfigureAwait(false);
        foreach (var warning in findings)
        {
            log.ConfigurationWarning(warning.ToString());
        }

        return new ReloadReport(
            true, wanted.File, [.. findings.Select(FindingReport.From)], result.Differences, result.Broken, result.Closed, result.Kept, result.Untouched);
    }

    private async Task ProtectOnlyAsync(SecurityPolicy policy)
    {
        try
        {
            network.Protect(policy.Protect, await HeldAsync().ConfigureAwait(false));
        }
        catch (LinuxException e)
        {
            tell(new EngineEvent(EventKind.Degraded, clock.Now, $"what the policy bypasses is kept inside as well, and does not work: {e.Message}"));
        }
    }

    private ReloadReport Refuse(IReadOnlyList<Finding> findings)
    {
        tell(new EngineEvent(EventKind.ReloadRefused, clock.Now, $"{Current.File} was read again and refused; the policy in force is untouched")
        {
            Details = [.. findings.Select(f => f.ToString())],
        });
        return new ReloadReport(false, Current.File, [.. findings.Select(FindingReport.From)], [], 0, 0, 0, 0);
    }

    private Task<List<FlowKey>> HeldAsync() => loop.AskAsync((engine, _) => engine.FlowsOutsidePolicy().ToList(), CancellationToken.None);
}
