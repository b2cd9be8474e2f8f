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
            await Refuse(context, refusal.Status, refusal.Problem, refusal.Remedy).ConfigureAwait(false);
        }
        catch (RefusedException refused) when (!context.Response.HasStarted)
        {
            await Refuse(context, StatusCodes.Status409Conflict, refused.Problem, refused.Remedy).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            // Too long a body, or one that comes too slowly.
            await Refuse(context, e.StatusCode, e.Message.TrimEnd('.'), "see the bounds in docs/control-api.md").ConfigureAwait(false);
        }
    }

    public static async Task Answer<T>(HttpContext context, T report, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, report, type, context.RequestAborted).ConfigureAwait(false);
    }

    private static Task Refuse(HttpContext context, int status, string problem, string remedy)
    {
        context.Response.StatusCode = status;
        return Answer(context, new ErrorReport(problem, remedy), ReportJson.Compact.ErrorReport);
    }
}
