using System.Text.Json;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;

namespace Latchkey.Lab.Applications;

/// <summary>First messages of IKE with made-up senders: <c>lab/apps/flood.py</c>.</summary>
public static class Flood
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Makes the victim answer all senders by way of this host, as it would by way of a router, and sends.</summary>
    /// <returns>How many were sent, and in how many seconds.</returns>
    public static async Task<(long Sent, double Seconds)> Send(LabHost attacker, LabHost victim, int count, int perSecond)
    {
        await victim.Namespace.Ip(victim.Plan.Family, "route", "add", "default", "via", attacker.Address);
        var result = await attacker.Try(Limit, attacker.App("flood.py", victim.Address, $"{count}", $"{perSecond}", victim.Plan.BenchmarkPrefix));
        if (result.Status != 0)
        {
            throw new LabException($"the flood failed: {result.Complaint.Trim()}");
        }

        using var document = JsonDocument.Parse(result.Output);
        return (document.RootElement.GetProperty("sent").GetInt64(), document.RootElement.GetProperty("seconds").GetDouble());
    }
}
