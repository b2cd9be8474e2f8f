namespace Latchkey.Cli.Output;

internal static class Fingerprints
{
    /// <summary>Enough to tell keys apart in a table; never enough to trust one.</summary>
    private const int ShortLength = 18;

    public static string Short(string? fingerprint) => fingerprint switch
    {
        null => "-",
        { Length: > ShortLength } => fingerprint[..ShortLength] + "…",
        _ => fingerprint,
    };
}
