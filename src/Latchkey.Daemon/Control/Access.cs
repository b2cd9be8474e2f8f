using Microsoft.AspNetCore.Http;

namespace Latchkey.Daemon.Control;

/// <summary>Everything is root's alone unless its endpoint says that every user may ask.</summary>
internal sealed class Access
{
    private Access()
    {
    }

    /// <summary>Marks an endpoint that answers every user, about what is his own.</summary>
    public static Access OfEveryUser { get; } = new();

    public static Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        var caller = Doorman.CallerOf(context);
        return caller.IsAdministrator || context.GetEndpoint()?.Metadata.GetMetadata<Access>() is not null
            ? next(context)
            : throw new Refusal(
                StatusCodes.Status403Forbidden, $"{context.Request.Method} {context.Request.Path} is for root, and you are user {caller.User}", "run as root, or ask for your own connections with /connection");
    }
}
