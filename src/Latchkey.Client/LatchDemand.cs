using System.Text.Json.Serialization;

namespace Latchkey.Client;

/// <summary>What a program wants of a connection. What is not set stays as it is; nothing here widens what the operator allows.</summary>
public sealed record LatchDemand
{
    /// <summary>What is done to the socket when the latch breaks.</summary>
    public Disposition? Disposition { get; init; }

    /// <summary>A Child SA for this connection and nothing else.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Narrow { get; init; }

    /// <summary>The shortest key that will do, in bits.</summary>
    public int? MinKeyBits { get; init; }

    /// <summary>Nothing but 64-bit sequence numbers will do.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Esn { get; init; }

    /// <summary>The fingerprint, <c>SHA256:…</c>, of the only peer that will do.</summary>
    public string? PeerKey { get; init; }

    /// <summary>It must be latched already. Meaningless before a connection is made.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Latched { get; init; }
}

/// <summary>What is done to a socket whose latch breaks (RFC 5660 §5.5).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Disposition>))]
public enum Disposition
{
    /// <summary>Nothing: packets are lost until the peer is back, and the program learns of it by events alone.</summary>
    [JsonStringEnumMemberName("wait")]
    Wait,

    /// <summary>As if the peer had reset the connection.</summary>
    [JsonStringEnumMemberName("close")]
    Close,

    /// <summary>As if the destination had become unreachable. TCP knows no such thing once it is connected, and is reset.</summary>
    [JsonStringEnumMemberName("failover")]
    Failover,
}
