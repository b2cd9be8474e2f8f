using Latchkey.Crypto;
using Latchkey.Daemon.Events;
using Latchkey.Daemon.Reports;
using Latchkey.Latching;
using Latchkey.Wire;

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

    /// <param name="key">What was compared by telephone; null: the key in use there.</param>
    /// <param name="close">Connections tied to another key may be closed.</param>
    /// <exception cref="RefusedException">The message says why, and what helps.</exception>
    Task<PinChangeReport> PinAsync(InetAddress address, KeyFingerprint? key, bool close, CancellationToken cancellation);

    /// <exception cref="RefusedException">Nothing is pinned there, or the change cannot be recorded.</exception>
    Task<PinChangeReport> UnpinAsync(InetAddress address, CancellationToken cancellation);

    /// <exception cref="RefusedException">The change cannot be recorded.</exception>
    Task<PinChangeReport> ForgetAsync(InetAddress address, CancellationToken cancellation);
}
