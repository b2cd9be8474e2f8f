namespace Latchkey.Daemon.Configuration;

/// <summary>The name of an entry or a peer: what people type in commands and read in logs.</summary>
internal static class Name
{
    private const int MaximumLength = 64;

    public static string? Read(TomlSection section)
    {
        if (!section.Has("name"))
        {
            section.Refuse("name", $"{section.Title} has no name", "add for example name = \"bgp\"");
            return null;
        }

        if (section.Text("name", "a name", "name = \"bgp\"") is not { } name)
        {
            return null;
        }

        if (name.Length is > 0 and <= MaximumLength && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            return name;
        }

        section.Refuse("name", $"a name has 1 to {MaximumLength} letters, digits, '-', '_' or '.', not \"{name}\"", "write for example name = \"bgp\"");
        return null;
    }
}
