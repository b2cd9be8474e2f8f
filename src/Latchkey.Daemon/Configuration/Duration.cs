using System.Globalization;

namespace Latchkey.Daemon.Configuration;

/// <summary>A time span as people write it: a whole number and one of s, m, h.</summary>
internal static class Duration
{
    private const string Expected = "a number with s, m or h, from 10s to 24h";

    /// <summary>Shorter, and hosts would do nothing but rekey.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(10);

    /// <summary>Longer, and one stolen key opens more than a day's traffic.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    /// <returns>Null when the key is missing or was refused.</returns>
    public static TimeSpan? Read(TomlSection section, string key, string example)
    {
        var remedy = $"{key} = \"{example}\"";
        if (section.Text(key, Expected, remedy) is not { } text)
        {
            return null;
        }

        if (TryParse(text, out var value) && value >= Shortest && value <= Longest)
        {
            return value;
        }

        section.Refuse(key, $"'{key}' must be {Expected}, not \"{text}\"", $"write for example {remedy}");
        return null;
    }

    private static bool TryParse(string text, out TimeSpan value)
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
