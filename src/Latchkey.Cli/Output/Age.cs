namespace Latchkey.Cli.Output;

/// <summary>How long ago something was, or how long it is until then, in one unit.</summary>
internal static class Age
{
    public static string Of(CliContext context, DateTime since) => Of(context.Time.GetUtcNow().UtcDateTime - since);

    public static string Until(CliContext context, DateTime when) => Of(when - context.Time.GetUtcNow().UtcDateTime);

    public static string Of(TimeSpan age) => age switch
    {
        { TotalSeconds: < 1 } => "0 s",
        { TotalMinutes: < 2 } => $"{(int)age.TotalSeconds} s",
        { TotalHours: < 2 } => $"{(int)age.TotalMinutes} min",
        { TotalDays: < 2 } => $"{(int)age.TotalHours} h",
        _ => $"{(int)age.TotalDays} d",
    };
}
