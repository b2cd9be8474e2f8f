using System.Globalization;

namespace Latchkey.Daemon.Configuration;

/// <summary>A time span as people write it: a whole number and one of s, m, h.</summary>
internal static class Duration
{
    public const string Expected = "a number with s, m or h, such as \"30s\" or \"4h\"";

    /// <summary>Shorter, and hosts would do nothing but rekey.</summary>
    public static readonly TimeSpan ShortestLifetime = TimeSpan.FromSeconds(10);

    /// <summary>Longer, and one stolen key opens more than a day's traffic.</summary>
    public static readonly TimeSpan LongestLifetime = TimeSpan.FromHours(24);

    public static bool TryParse(string text, out TimeSpan value)
    {
        value = default;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        TimeSpan? parsed = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            _ => null,
        };
        value = parsed ?? default;
        return parsed is not null;
    }
}
