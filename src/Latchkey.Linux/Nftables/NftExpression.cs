using System.Text.Json.Nodes;
using Latchkey.Wire;

namespace Latchkey.Linux.Nftables;

/// <summary>Statements and expressions of libnftables-json(5).</summary>
internal static class NftExpression
{
    public static JsonObject Accept => new() { ["accept"] = null };

    public static JsonObject Drop => new() { ["drop"] = null };

    public static JsonObject Count(string counter) => new() { ["counter"] = counter };

    public static JsonObject SetMark(uint mark) =>
        new() { ["mangle"] = new JsonObject { ["key"] = Meta("mark"), ["value"] = mark } };

    /// <summary>Hands a copy to whoever listens on a group of nfnetlink_log, at most that many packets a second.</summary>
    public static JsonObject[] Copy(int group, int perSecond) =>
    [
        new() { ["limit"] = new JsonObject { ["rate"] = perSecond, ["burst"] = perSecond, ["per"] = "second" } },
        new() { ["log"] = new JsonObject { ["group"] = group } },
    ];

    public static JsonObject Concat(params ReadOnlySpan<JsonNode> parts) => new() { ["concat"] = new JsonArray([.. parts]) };

    public static JsonObject Match(JsonNode left, JsonNode right, string operation = "==") =>
        new() { ["match"] = new JsonObject { ["op"] = operation, ["left"] = left, ["right"] = right } };

    public static JsonObject Meta(string key) => new() { ["meta"] = new JsonObject { ["key"] = key } };

    public static JsonObject Field(string protocol, string field) =>
        new() { ["payload"] = new JsonObject { ["protocol"] = protocol, ["field"] = field } };

    /// <summary>Bits counted from the beginning of the transport header.</summary>
    public static JsonObject Bits(int offset, int length) =>
        new() { ["payload"] = new JsonObject { ["base"] = "th", ["offset"] = offset, ["len"] = length } };

    public static JsonObject Set(params ReadOnlySpan<JsonNode> members) => new() { ["set"] = new JsonArray([.. members]) };

    public static JsonNode Range(int first, int last) =>
        first == last ? first : new JsonObject { ["range"] = new JsonArray(first, last) };

    public static JsonNode Prefix(InetPrefix prefix) => prefix.Length == prefix.Address.BitLength
        ? prefix.Address.ToString()
        : new JsonObject { ["prefix"] = new JsonObject { ["addr"] = prefix.Address.ToString(), ["len"] = prefix.Length } };

    public static JsonObject And(JsonNode left, uint mask) => new() { ["&"] = new JsonArray(left, mask) };
}
