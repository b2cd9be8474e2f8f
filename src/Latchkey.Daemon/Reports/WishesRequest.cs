using System.Text.Json.Serialization;

namespace Latchkey.Daemon.Reports;

/// <summary>What <c>POST /connection</c> and <c>POST /listener</c> ask for; what is absent stays as it is.</summary>
/// <param name="Disposition">wait, close or failover.</param>
/// <param name="Narrow">true: a Child SA for this connection alone.</param>
/// <param name="MinKeyBits">The shortest key that will do.</param>
/// <param name="Esn">true: nothing but 64-bit sequence numbers will do.</param>
/// <param name="PeerKey">Fingerprint of the only peer that will do.</param>
/// <param name="Latched">true: refuse unless the connection is latched now.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record WishesRequest(string? Disposition, bool? Narrow, int? MinKeyBits, bool? Esn, string? PeerKey, bool? Latched);
