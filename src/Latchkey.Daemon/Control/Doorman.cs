using System.Text;
using System.Text.Json;
using Latchkey.Daemon.Reports;
using Latchkey.Linux.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Latchkey.Daemon.Control;

/// <summary>Stands before HTTP: learns from the kernel who connects, and lets in no more than each user's share.</summary>
internal sealed class Doorman
{
    private const int RefusedAtOnce = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private readonly ConnectionShares _shares = new();
    private int _refusing;

    public async Task AdmitAsync(ConnectionContext context, ConnectionDelegate next)
    {
        var socket = context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
        var caller = new Caller(PeerCredentials.Of(socket).User);
        var connection = new ControlConnection(caller, () => context.Abort(new ConnectionAbortedException("its user connected too often")));
        if (!_shares.TryEnter(connection, out var refusal))
        {
            await RefuseAsync(context, refusal).ConfigureAwait(false);
            return;
        }

        context.Features.Set(connection);
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            _shares.Leave(connection);
        }
    }

    /// <summary>A connection with a request under way is not idle.</summary>
    public static async Task CountAsync(HttpContext context, RequestDelegate next)
    {
        var connection = Connection(context);
        connection.BeginRequest();
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            connection.EndRequest();
        }
    }

    public static Caller CallerOf(HttpContext context) => Connection(context).Caller;

    private static ControlConnection Connection(HttpContext context) => context.Features.GetRequiredFeature<ControlConnection>();

    /// <summary>
    /// Says why, if there is time: a connection that is closed with octets unread is reset, and the answer lost with it. So
    /// what is on its way is taken first; whoever says nothing, or comes in a crowd, is closed without a word.
    /// </summary>
    private async Task RefuseAsync(ConnectionContext context, string refusal)
    {
        try
        {
            if (Interlocked.Increment(ref _refusing) <= RefusedAtOnce)
            {
                using var patience = new CancellationTokenSource(Patience);
                var request = await context.Transport.Input.ReadAsync(patience.Token).ConfigureAwait(false);
                context.Transport.Input.AdvanceTo(request.Buffer.End);
                await SayAsync(context, refusal).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // It has nothing to ask.
        }
        finally
        {
            Interlocked.Decrement(ref _refusing);
        }
    }

    private static async Task SayAsync(ConnectionContext context, string refusal)
    {
        var body = JsonSerializer.Serialize(new ErrorReport(refusal, "close what is not needed, and try again"), ReportJson.Compact.ErrorReport);
        var answer = $"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";
        await context.Transport.Output.WriteAsync(Encoding.UTF8.GetBytes(answer)).ConfigureAwait(false);
    }
}
