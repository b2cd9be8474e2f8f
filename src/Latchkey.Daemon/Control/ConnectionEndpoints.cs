using Latchkey.Daemon.Events;
using Latchkey.Daemon.Reports;
using Latchkey.Latching;
using Latchkey.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using static Latchkey.Daemon.Control.Answers;

namespace Latchkey.Daemon.Control;

/// <summary>
/// What applications may ask about their own sockets (RFC 5660 L6 to L10, L17, L21, L31 to L33, L44). Whose a socket is, the
/// kernel says; a caller who names another user's is refused.
/// </summary>
internal sealed class ConnectionEndpoints(IDaemonControl daemon, CancellationToken stopping)
{
    private static readonly ReportJson Json = ReportJson.Compact;

    public static void Map(IEndpointRouteBuilder routes, IDaemonControl daemon, CancellationToken stopping)
    {
        var endpoints = new ConnectionEndpoints(daemon, stopping);
        IEndpointConventionBuilder[] open =
        [
            routes.MapGet("/connection", (RequestDelegate)endpoints.Inquire),
            routes.MapPost("/connection", (RequestDelegate)endpoints.Ask),
            routes.MapGet("/listener", (RequestDelegate)endpoints.InquireListener),
            routes.MapPost("/listener", (RequestDelegate)endpoints.AskListener),
            routes.MapGet("/connections/events", (RequestDelegate)endpoints.Events),
        ];
        foreach (var endpoint in open)
        {
            endpoint.WithMetadata(Access.OfEveryUser);
        }
    }

    private async Task Inquire(HttpContext context)
    {
        var flow = Exact(context);
        Own(context, flow);
        await Answer(context, await daemon.ConnectionAsync(flow, context.RequestAborted).ConfigureAwait(false), Json.ConnectionReport).ConfigureAwait(false);
    }

    private async Task Ask(HttpContext context)
    {
        var flow = Exact(context);
        var (wishes, latched) = await WishesReader.ReadAsync(context).ConfigureAwait(false);
        var caller = Doorman.CallerOf(context);
        var socket = daemon.Sockets.Of(flow);
        if (socket is { } held)
        {
            Demand(caller, held, flow.ToString());
        }

        if (latched && !(await daemon.ConnectionAsync(flow, context.RequestAborted).ConfigureAwait(false)).Latched)
        {
            throw new Refusal(StatusCodes.Status409Conflict, $"{flow} is not latched", "ask when the connection is made, or see 'latchkey explain'");
        }

        // What is not connected yet is asked for by whoever will connect it (L31).
        var refusal = await daemon.GrantAsync(flow, socket?.User ?? caller.User, socket is not null || caller.IsAdministrator, wishes, context.RequestAborted).ConfigureAwait(false);
        if (refusal is not null)
        {
            throw Conflict(refusal);
        }

        await Answer(context, await daemon.ConnectionAsync(flow, context.RequestAborted).ConfigureAwait(false), Json.ConnectionReport).ConfigureAwait(false);
    }

    private async Task InquireListener(HttpContext context)
    {
        var key = Listener(context);
        Own(context, key);
        await AnswerListener(context, key).ConfigureAwait(false);
    }

    private async Task AskListener(HttpContext context)
    {
        var key = Listener(context);
        var socket = Own(context, key);
        var (wishes, _) = await WishesReader.ReadAsync(context).ConfigureAwait(false);
        if (await daemon.GrantAsync(key, socket, wishes, context.RequestAborted).ConfigureAwait(false) is { } refusal)
        {
            throw Conflict(refusal);
        }

        await AnswerListener(context, key).ConfigureAwait(false);
    }

    private async Task AnswerListener(HttpContext context, ListenerKey key)
    {
        var report = await daemon.ListenerAsync(key, context.RequestAborted).ConfigureAwait(false)
            ?? throw Conflict("no [[protect]] entry covers what this socket accepts");
        await Answer(context, report, Json.ListenerReport).ConfigureAwait(false);
    }

    /// <summary>Server-sent events about the caller's own connections and those born from his listeners, from now on.</summary>
    private async Task Events(HttpContext context)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        var user = Doorman.CallerOf(context).User;
        using var alerts = daemon.Alerts.Subscribe(user, end.Cancel);
        var from = daemon.Events.Last;
        alerts.Delivered(from);
        alerts.Adopt(await daemon.LatchedAsync(daemon.Sockets.HeldBy(user), end.Token).ConfigureAwait(false));
        context.Response.ContentType = "text/event-stream";
        try
        {
            // A comment, so that whoever waits knows that from here on nothing is missed.
            await context.Response.WriteAsync(": listening\n\n", end.Token).ConfigureAwait(false);
            await context.Response.Body.FlushAsync(end.Token).ConfigureAwait(false);
            await foreach (var report in daemon.Events.Follow(from, end.Token).ConfigureAwait(false))
            {
                if (alerts.Concerns(report))
                {
                    await context.Response.WriteAsync(ServerSentEvent.Of(report), end.Token).ConfigureAwait(false);
                    await context.Response.Body.FlushAsync(end.Token).ConfigureAwait(false);
                }

                alerts.Delivered(report.Seq);
            }
        }
        catch (SlowListenerException e)
        {
            await context.Response.WriteAsync(ServerSentEvent.Dropped(e), context.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The application left, was too slow, or the daemon stops: all end the stream.
        }
    }

    private void Own(HttpContext context, FlowKey flow)
    {
        var caller = Doorman.CallerOf(context);
        if (daemon.Sockets.Of(flow) is { } socket)
        {
            Demand(caller, socket, flow.ToString());
        }
        else if (!caller.IsAdministrator)
        {
            throw new Refusal(StatusCodes.Status404NotFound, $"no process holds {flow}", "name the connection as getsockname() and getpeername() give it");
        }
    }

    private SocketOwner Own(HttpContext context, ListenerKey key)
    {
        var socket = daemon.Sockets.Of(key)
            ?? throw new Refusal(StatusCodes.Status404NotFound, $"no process listens at {Words(key)}", "name the socket as getsockname() gives it");
        Demand(Doorman.CallerOf(context), socket, Words(key));
        return socket;
    }

    private static void Demand(Caller caller, SocketOwner socket, string what)
    {
        if (!caller.Owns(socket))
        {
            throw new Refusal(
                StatusCodes.Status403Forbidden, $"{what} belongs to user {socket.User}, and you are user {caller.User}", "ask as that user, or as root; docs/control-api.md says whose a socket is");
        }
    }

    private static FlowKey Exact(HttpContext context)
    {
        const string Example = "ask for example /connection?flow=tcp+10.0.0.1:7000+10.0.0.2:40000";
        if (!FlowQuery.TryParse(context.Request.Query["flow"], out var query, out var error))
        {
            throw new Refusal(StatusCodes.Status400BadRequest, error, Example);
        }

        return query is { Protocol: { } protocol, Local: { } local, LocalPort: { } localPort, RemotePort: { } remotePort }
            ? new FlowKey(protocol, local, localPort, query.Remote, remotePort)
            : throw new Refusal(StatusCodes.Status400BadRequest, "one connection is meant: protocol, both addresses and both ports", Example);
    }

    /// <summary>A listener is written like the remote side of a flow: <c>tcp 0.0.0.0:7000</c>.</summary>
    private static ListenerKey Listener(HttpContext context) =>
        FlowQuery.TryParse(context.Request.Query["socket"], out var query, out _) && query is { Protocol: { } protocol, Local: null, RemotePort: { } port }
            ? new ListenerKey(protocol, query.Remote, port)
            : throw new Refusal(StatusCodes.Status400BadRequest, "a listening socket is written PROTOCOL ADDRESS:PORT", "ask for example /listener?socket=tcp+0.0.0.0:7000");

    private static string Words(ListenerKey key) => $"{key.Protocol.ToString().ToLowerInvariant()} {new InetEndpoint(key.Local, key.LocalPort)}";

    private static Refusal Conflict(string refusal) =>
        new(StatusCodes.Status409Conflict, refusal, "what is protected, and how, is the operator's to say: see [[protect]] in docs/configuration.md");
}
