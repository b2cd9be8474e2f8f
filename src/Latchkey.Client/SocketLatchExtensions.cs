using System.Net;
using System.Net.Sockets;

namespace Latchkey.Client;

/// <summary>Asks the Latchkey daemon of this host about a socket, over its default control socket.</summary>
/// <remarks>For another control socket use a <see cref="LatchClient"/> of your own.</remarks>
public static class SocketLatchExtensions
{
    /// <summary>Who is at the other end of a connected socket, and how well the connection is protected.</summary>
    /// <param name="socket">A connected TCP or UDP socket of this user.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="LatchException">The daemon refused, or does not run.</exception>
    public static Task<Latch> GetLatchAsync(this Socket socket, CancellationToken cancellation = default) =>
        LatchClient.Default.GetLatchAsync(socket, cancellation);

    /// <summary>Goes on only when the connection is latched, and latched as demanded.</summary>
    /// <param name="socket">A connected TCP or UDP socket of this user.</param>
    /// <param name="demand">What else must be so; null: nothing.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="LatchException">It is not. The connection goes on; close it.</exception>
    public static Task<Latch> RequireLatchAsync(this Socket socket, LatchDemand? demand = null, CancellationToken cancellation = default) =>
        LatchClient.Default.DemandAsync(socket, (demand ?? new LatchDemand()) with { Latched = true }, cancellation);

    /// <summary>Chooses what is done to the socket when its latch breaks; on a latch that broke already, at once.</summary>
    /// <param name="socket">A connected TCP or UDP socket of this user.</param>
    /// <param name="disposition">In place of the operator's <c>on_break</c>.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="LatchException">The connection has no latch, or the daemon refused or does not run.</exception>
    public static Task<Latch> SetDispositionAsync(this Socket socket, Disposition disposition, CancellationToken cancellation = default) =>
        LatchClient.Default.DemandAsync(socket, new LatchDemand { Disposition = disposition }, cancellation);

    /// <summary>Asks for a Child SA that covers this connection and nothing else. The latch stays as it is.</summary>
    /// <param name="socket">A connected TCP or UDP socket of this user.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="LatchException">The connection has no latch, or the daemon refused or does not run.</exception>
    public static Task<Latch> RequestNarrowSaAsync(this Socket socket, CancellationToken cancellation = default) =>
        LatchClient.Default.DemandAsync(socket, new LatchDemand { Narrow = true }, cancellation);

    /// <summary>What the connection that this socket is about to make must be like. If it cannot be had, connecting fails.</summary>
    /// <param name="socket">A TCP or UDP socket of this user, bound to a port and not connected yet.</param>
    /// <param name="remote">Where it will connect to.</param>
    /// <param name="demand">What is wanted.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="LatchException">No policy protects such a connection, or the daemon does not run.</exception>
    public static Task ExpectLatchAsync(this Socket socket, IPEndPoint remote, LatchDemand demand, CancellationToken cancellation = default) =>
        LatchClient.Default.ExpectLatchAsync(socket, remote, demand, cancellation);

    /// <summary>The LISTENER latch of a listening socket.</summary>
    /// <param name="socket">A listening TCP socket, or a bound UDP socket, of this user.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="LatchException">No policy protects what it accepts, or the daemon refused or does not run.</exception>
    public static Task<LatchState> GetListenerLatchAsync(this Socket socket, CancellationToken cancellation = default) =>
        LatchClient.Default.GetListenerLatchAsync(socket, cancellation);

    /// <summary>Chooses what is done to connections born from a listening socket when their latches break.</summary>
    /// <param name="socket">A listening TCP socket, or a bound UDP socket, of this user.</param>
    /// <param name="disposition">In place of the operator's <c>on_break</c>.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="LatchException">No policy protects what it accepts, or the daemon refused or does not run.</exception>
    public static Task<LatchState> SetListenerDispositionAsync(this Socket socket, Disposition disposition, CancellationToken cancellation = default) =>
        LatchClient.Default.DemandOfListenerAsync(socket, new LatchDemand { Disposition = disposition }, cancellation);
}
