using System.Text.Json;

namespace Latchkey.Lab.Daemons;

/// <summary>What <c>latchkey reload --json</c> said.</summary>
/// <param name="Finding">The first thing found in the file, if any.</param>
public sealed record ReloadResult(bool Reloaded, int Broken, int Closed, int Kept, int Untouched, string? Finding)
{
    public static ReloadResult Parse(string output)
    {
        using var document = JsonDocument.Parse(output);
        var report = document.RootElement;
        int Number(string name) => report.GetProperty(name).GetInt32();
        var finding = report.GetProperty("findings").EnumerateArray().Select(f => f.GetProperty("message").GetString()).FirstOrDefault();
        return new ReloadResult(report.GetProperty("reloaded").GetBoolean(), Number("broken"), Number("closed"), Number("kept"), Number("untouched"), finding);
    }

    public override string ToString() => Reloaded ? $"{Broken} broken, {Closed} closed, {Kept} kept, {Untouched} untouched" : $"refused: {Finding}";
}
