using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Latchkey.Daemon.Reports;

/// <summary>How every report is written: snake case, and what does not apply is absent.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(LatchesReport))]
[JsonSerializable(typeof(ClosedReport))]
[JsonSerializable(typeof(PeersReport))]
[JsonSerializable(typeof(PinChangeReport))]
[JsonSerializable(typeof(FingerprintReport))]
[JsonSerializable(typeof(SasReport))]
[JsonSerializable(typeof(EventReport))]
[JsonSerializable(typeof(ExplainReport))]
[JsonSerializable(typeof(CheckReport))]
[JsonSerializable(typeof(ReloadReport))]
[JsonSerializable(typeof(ErrorReport))]
[JsonSerializable(typeof(ConnectionReport))]
[JsonSerializable(typeof(ListenerReport))]
[JsonSerializable(typeof(WishesRequest))]
public sealed partial class ReportJson : JsonSerializerContext
{
    /// <summary>One line, for streams and pipes.</summary>
    public static ReportJson Compact { get; } = new(Written(indented: false));

    /// <summary>For people who look.</summary>
    public static ReportJson Indented { get; } = new(Written(indented: true));

    // Fingerprints contain '+' and sentences quotes; nothing here is ever put into HTML.
    private static JsonSerializerOptions Written(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = indented,
    };
}
