using System.Text.Json.Serialization;

namespace Latchkey.Client;

/// <summary>The daemon's answers and our questions, as docs/json.md has them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Latch))]
[JsonSerializable(typeof(ListenerAnswer), TypeInfoPropertyName = "Listener")]
[JsonSerializable(typeof(LatchDemand))]
[JsonSerializable(typeof(LatchEvent))]
[JsonSerializable(typeof(ErrorAnswer))]
internal sealed partial class ClientJson : JsonSerializerContext;

internal sealed record ListenerAnswer([property: JsonPropertyName("listener")] LatchState State);

internal sealed record ErrorAnswer(string Error, string Remedy);
