using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Latchkey.Daemon.Events;
using Latchkey.Daemon.Reports;
using Latchkey.Latching;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using static Latchkey.Daemon.Control.Answers;

namespace Latchkey.Daemon.Control;

/// <summary>What each path of the control API answers to an administrator.</summary>
internal static class ControlEndpoints
{
    private static readonly ReportJson Json = ReportJson.Compact;

    public static void Map(IEndpointRouteBuilder routes, IDaemonControl daemon, CancellationToken stopping)
    {
        Get(routes, "/status", c => daemon.StatusAsync(c.RequestAborted), Json.StatusReport);
        Get(routes, "/latches", c => daemon.LatchesAsync(c.RequestAborted), Json.LatchesReport);
        Get(routes, "/peers", c => daemon.PeersAsync(c.RequestAborted), Json.PeersReport);
        Get(routes, "/sas", c => daemon.SasAsync(c.RequestAborted), Json.SasReport);
        routes.MapGet("/fingerprint", (RequestDelegate)(c => Fingerprint(c, daemon)));
        routes.MapGet("/explain", (RequestDelegate)(c => Explain(c, daemon)));
        routes.MapPost("/latches/{id}/close", (RequestDelegate)(c => Close(c, daemon)));
        routes.MapPost("/reload", (RequestDelegate)(async c => await Answer(c, await daemon.ReloadAsync(c.RequestAborted).ConfigureAwait(false), Json.ReloadReport).ConfigureAwait(false)));
        PinEndpoints.Map(routes, daemon);
        routes.MapGet("/events", (RequestDelegate)(c => Events(c, daemon, stopping)));
        routes.MapFallback((RequestDelegate)(c => throw new Refusal(StatusCodes.Status404NotFound, $"there is no {c.Request.Method} {c.Request.Path}", "see docs/control-api.md")));
    }

    private static void Get<T>(IEndpointRouteBuilder routes, string path, Func<HttpContext, Task<T>> ask, JsonTypeInfo<T> type) =>
        routes.MapGet(path, (RequestDelegate)(async c => await Answer(c, await ask(c).ConfigureAwait(false), type).ConfigureAwait(false)));

    private static async Task Fingerprint(HttpContext context, IDaemonControl daemon)
    {
        string? peer = context.Request.Query["peer"];
        var report = await daemon.FingerprintAsync(peer, context.RequestAborted).ConfigureAwait(false)
            ?? throw new Refusal(StatusCodes.Status404NotFound, $"no peer '{peer}' is configured or connected", "see 'latchkey peers'");
        await Answer(context, report, Json.FingerprintReport).ConfigureAwait(false);
    }

    private static async Task Explain(HttpContext context, IDaemonControl daemon)
    {
        if (!FlowQuery.TryParse(context.Request.Query["flow"], out var query, out var error))
        {
            throw new Refusal(StatusCodes.Status400BadRequest, error, "ask for example /explain?flow=tcp+10.0.0.1:7000+10.0.0.2");
        }

        await Answer(context, await daemon.ExplainAsync(query, context.RequestAborted).ConfigureAwait(false), Json.ExplainReport).ConfigureAwait(false);
    }

    private static async Task Close(HttpContext context, IDaemonControl daemon)
    {
        if (!uint.TryParse((string?)context.Request.RouteValues["id"], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            throw new Refusal(StatusCodes.Status400BadRequest, $"a latch is named by its number, not '{context.Request.RouteValues["id"]}'", "see 'latchkey latches'");
        }

        if (!await daemon.CloseLatchAsync(new LatchId(id), context.RequestAborted).ConfigureAwait(false))
        {
            throw new Refusal(StatusCodes.Status404NotFound, $"there is no live latch {id}", "see 'latchkey latches'");
        }

        await Answer(context, new ClosedReport(id, true), Json.ClosedReport).ConfigureAwait(false);
    }

    /// <summary>Server-sent events: the remembered ones, then, unless <c>follow=false</c>, the new ones as they come.</summary>
    private static async Task Events(HttpContext context, IDaemonControl daemon, CancellationToken stopping)
    {
        // Last-Event-ID is what a client of server-sent events sends when it comes back.
        string? last = (string?)context.Request.Query["after"] ?? context.Request.Headers["Last-Event-ID"];
        var after = 0L;
        if (last is not null && !long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            throw new Refusal(StatusCodes.Status400BadRequest, $"'{last}' is not the number of an event", "use the 'seq' of the last event seen");
        }

        context.Response.ContentType = "text/event-stream";
        if (context.Request.Query["follow"] == "false")
        {
            foreach (var report in daemon.Events.Past(after))
            {
                await Send(context, report).ConfigureAwait(false);
            }

            return;
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await context.Response.Body.FlushAsync(end.Token).ConfigureAwait(false);
            await foreach (var report in daemon.Events.Follow(after, end.Token).ConfigureAwait(false))
            {
                await Send(context, report).ConfigureAwait(false);
                await context.Response.Body.FlushAsync(end.Token).ConfigureAwait(false);
            }
        }
        catch (SlowListenerException e)
        {
            await context.Response.WriteAsync(ServerSentEvent.Dropped(e), context.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The listener left, or the daemon stops: both end the stream.
        }
    }

    private static Task Send(HttpContext context, EventReport report) => context.Response.WriteAsync(ServerSentEvent.Of(report), context.RequestAborted);
}
