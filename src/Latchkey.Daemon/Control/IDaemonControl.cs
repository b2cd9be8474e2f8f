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

    /// <summary>Whose the host's sockets are.</summary>
    ISocketOwners Sockets { get; }

    /// <summary>Who is told of his own connections' events before anything follows from them.</summary>
    OwnerAlerts Alerts { get; }

    Task<StatusReport> StatusAsync(CancellationToken cancellation);

    Task<LatchesReport> LatchesAsync(CancellationToken cancellation);

    Task<PeersReport> PeersAsync(CancellationToken cancellation);

    Task<SasReport> SasAsync(CancellationToken cancellation);

    /// <param name="peer">A peer's name, address or fingerprint; null for this host.</param>
    /// <returns>Null when there is no such peer.</returns>
    Task<FingerprintReport?> FingerprintAsync(string? peer, CancellationToken cancellation);

    Task<ExplainReport> ExplainAsync(FlowQuery query, CancellationToken cancellation);

    Task<ConnectionReport> ConnectionAsync(FlowKey flow, CancellationToken cancellation);

    /// <summary>What an application asks for its connection, or for one that it is about to make.</summary>
    /// <param name="user">Whose connection it is, or will be.</param>
    /// <param name="held">It exists, and whoever asks may speak for it.</param>
    /// <returns>Null when it is granted, else why not.</returns>
    Task<string?> GrantAsync(FlowKey flow, uint user, bool held, FlowWishes wishes, CancellationToken cancellation);

    /// <returns>Null when nothing protected can come of the listener.</returns>
    Task<ListenerReport?> ListenerAsync(ListenerKey listener, CancellationToken cancellation);

    /// <summary>What the owner of a listening socket asks for the connections that will be born from it.</summary>
    /// <returns>Null when it is granted, else why not.</returns>
    Task<string?> GrantAsync(ListenerKey listener, SocketOwner socket, FlowWishes wishes, CancellationToken cancellation);

    /// <summary>Which of these flows have a latch.</summary>
    Task<IReadOnlyList<(uint Latch, FlowKey Flow)>> LatchedAsync(IReadOnlyList<FlowKey> flows, CancellationToken cancellation);

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
