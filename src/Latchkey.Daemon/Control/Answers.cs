using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Latchkey.Daemon.Reports;
using Microsoft.AspNetCore.Http;

namespace Latchkey.Daemon.Control;

/// <summary>Answers requests with a report, or with why not and what helps.</summary>
internal static class Answers
{
    public static async Task OrRefuseAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Refusal refusal) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = refusal.Status;
            await Answer(context, new ErrorReport(refusal.Problem, refusal.Remedy), ReportJson.Compact.ErrorReport).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            // Too long a body, or one that comes too slowly.
            context.Response.StatusCode = e.StatusCode;
            await Answer(context, new ErrorReport(e.Message.TrimEnd('.'), "see the bounds in docs/control-api.md"), ReportJson.Compact.ErrorReport).ConfigureAwait(false);
        }
    }

    public static async Task Answer<T>(HttpContext context, T report, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, report, type, context.RequestAborted).ConfigureAwait(false);
    }
}
