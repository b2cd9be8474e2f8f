namespace Latchkey.Daemon.Logging;

/// <summary>
/// Text for a terminal or a log. Somebody else may have chosen part of it: a peer its certificate's subject, a user the name of
/// his program.
/// </summary>
public static class Printable
{
    /// <summary>Control characters, by which a terminal could be told to do things, become <c>\u001b</c> and the like.</summary>
    public static string Of(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : $"{c}")) : text;
}
