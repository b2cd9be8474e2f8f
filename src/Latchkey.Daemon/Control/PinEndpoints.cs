using Latchkey.Crypto;
using Latchkey.Daemon.Reports;
using Latchkey.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Latchkey.Daemon.Control;

/// <summary>The part of the control API that changes pins.</summary>
internal static class PinEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, IDaemonControl daemon)
    {
        routes.MapPost("/pins/{address}/pin", (RequestDelegate)(c => Pin(c, daemon)));
        routes.MapPost("/pins/{address}/unpin", (RequestDelegate)(c => Change(c, daemon.UnpinAsync)));
        routes.MapPost("/pins/{address}/forget", (RequestDelegate)(c => Change(c, daemon.ForgetAsync)));
    }

    private static Task Pin(HttpContext context, IDaemonControl daemon)
    {
        string? key = context.Request.Query["key"];
        KeyFingerprint? wanted = KeyFingerprint.TryParse(key, out var parsed) ? parsed : null;
        if (key is not null && wanted is null)
        {
            throw new Refusal(
                StatusCodes.Status400BadRequest, $"a key is named SHA256: and 43 base64 digits, not '{key}'", "run 'latchkey fingerprint' on the peer and copy what it prints");
        }

        return Change(context, (address, cancellation) => daemon.PinAsync(address, wanted, context.Request.Query["close"] == "true", cancellation));
    }

    private static async Task Change(HttpContext context, Func<InetAddress, CancellationToken, Task<PinChangeReport>> change)
    {
        if (!InetAddress.TryParse((string?)context.Request.RouteValues["address"], out var address))
        {
            throw new Refusal(StatusCodes.Status400BadRequest, $"'{context.Request.RouteValues["address"]}' is not an IPv4 or IPv6 address", "a key is pinned to one address");
        }

        await Answers.Answer(context, await change(address, context.RequestAborted).ConfigureAwait(false), ReportJson.Compact.PinChangeReport).ConfigureAwait(false);
    }
}
