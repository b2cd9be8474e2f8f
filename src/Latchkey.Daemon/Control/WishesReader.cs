using System.Text.Json;
using Latchkey.Crypto;
using Latchkey.Daemon.Reports;
using Latchkey.Latching;
using Microsoft.AspNetCore.Http;

namespace Latchkey.Daemon.Control;

/// <summary>Reads what an application asks for; whatever is not understood is refused, because a demand that is ignored protects nobody.</summary>
internal static class WishesReader
{
    private const string Remedy = """send for example {"disposition":"wait"}; docs/control-api.md has every name""";

    /// <summary>No cipher has longer keys.</summary>
    private const int LongestKey = 256;

    public static async Task<(FlowWishes Wishes, bool Latched)> ReadAsync(HttpContext context)
    {
        WishesRequest? request;
        try
        {
            request = await JsonSerializer.DeserializeAsync(context.Request.Body, ReportJson.Compact.WishesRequest, context.RequestAborted).ConfigureAwait(false);
        }
        catch (JsonException e)
        {
            throw Bad($"the body is not understood at {e.Path ?? "its beginning"}");
        }

        return request is null ? throw Bad("the body is null") : (Understand(request), request.Latched == true);
    }

    private static FlowWishes Understand(WishesRequest request)
    {
        KeyFingerprint? peer = null;
        if (request.PeerKey is not null)
        {
            peer = KeyFingerprint.TryParse(request.PeerKey, out var key) ? key : throw Bad("'peer_key' is not a fingerprint, SHA256: and 43 digits");
        }

        return new FlowWishes
        {
            Disposition = request.Disposition switch
            {
                null => null,
                "wait" => Disposition.Wait,
                "close" => Disposition.Close,
                "failover" => Disposition.Failover,
                _ => throw Bad("'disposition' is none of wait, close and failover"),
            },
            Narrow = request.Narrow == true,
            MinimumKeyBits = request.MinKeyBits is < 0 or > LongestKey ? throw Bad($"'min_key_bits' is not between 0 and {LongestKey}") : request.MinKeyBits,
            DemandEsn = request.Esn == true,
            PeerKey = peer,
        };
    }

    private static Refusal Bad(string problem) => new(StatusCodes.Status400BadRequest, problem, Remedy);
}
