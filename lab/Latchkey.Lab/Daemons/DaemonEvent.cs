using System.Text.Json;

namespace Latchkey.Lab.Daemons;

/// <summary>One line of <c>latchkey events --json</c>.</summary>
/// <param name="Sequence">Counts the daemon's events.</param>
/// <param name="Kind">For example <c>latch_broken</c>.</param>
/// <param name="At">The daemon's own time of it.</param>
public sealed record DaemonEvent(long Sequence, string Kind, DateTime At, JsonElement Facts)
{
    /// <summary>As captures write times: seconds since 1970.</summary>
    public double EpochSeconds => (At - DateTime.UnixEpoch).TotalSeconds;

    public string? Text(string name) => Facts.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;

    public static DaemonEvent Parse(string line)
    {
        using var document = JsonDocument.Parse(line);
        var facts = document.RootElement.Clone();
        return new DaemonEvent(facts.GetProperty("seq").GetInt64(), facts.GetProperty("event").GetString()!, facts.GetProperty("at").GetDateTime(), facts);
    }

    public override string ToString() => Facts.ToString();
}
