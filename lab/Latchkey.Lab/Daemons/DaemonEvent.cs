using System.Text.Json;

namespace Latchkey.Lab.Daemons;

/// <summary>One line of <c>latchkey events --json</c>.</summary>
/// <param name="Seen">When the laboratory read it; the daemon raised it a little earlier.</param>
public sealed record DaemonEvent(string Kind, Moment Seen, JsonElement Facts)
{
    public string? Text(string name) => Facts.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;

    public static DaemonEvent Parse(string line)
    {
        using var document = JsonDocument.Parse(line);
        var facts = document.RootElement.Clone();
        return new DaemonEvent(facts.GetProperty("kind").GetString()!, Moment.Now, facts);
    }

    public override string ToString() => Facts.ToString();
}
