using Latchkey.Daemon.Events;
using Latchkey.Daemon.Reports;
using Latchkey.Latching;

namespace Latchkey.Daemon.Control;

/// <summary>What a running daemon answers to people and programs.</summary>
public interface IDaemonControl
{
    EventStream Events { get; }

    Task<StatusReport> StatusAsync(CancellationToken cancellation);

    Task<LatchesReport> LatchesAsync(CancellationToken cancellation);

    Task<PeersReport> PeersAsync(CancellationToken cancellation);

    Task<SasReport> SasAsync(CancellationToken cancellation);

    /// <param name="peer">A peer's name, address or fingerprint; null for this host.</param>
    /// <returns>Null when there is no such peer.</returns>
    Task<FingerprintReport?> FingerprintAsync(string? peer, CancellationToken cancellation);

    Task<ExplainReport> ExplainAsync(FlowQuery query, CancellationToken cancellation);

    /// <returns>False when there is no such live latch.</returns>
    Task<bool> CloseLatchAsync(LatchId latch, CancellationToken cancellation);

    /// <summary>Reads the configuration file again; a bad one changes nothing.</summary>
    Task<ReloadReport> ReloadAsync(CancellationToken cancellation);
}
