using System.Text.Json;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Applications;

/// <summary>First messages of IKE with made-up senders: <c>lab/apps/flood.py</c>.</summary>
public sealed class Flood
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly BackgroundProcess _process;
    private readonly Sightings<string> _said;

    private Flood(LabHost attacker, IReadOnlyList<string> arguments)
    {
        var said = _said = new Sightings<string>(attacker.Cancellation);
        _process = attacker.Start("flood", attacker.App("flood.py", arguments), p => p.LineWritten += said.Add);
    }

    public bool GoesOn => !_process.HasExited;

    /// <summary>Makes the victim answer all senders by way of this host, as it would by way of a router, and sends until it is told to stop.</summary>
    /// <param name="count">So many at least.</param>
    public static async Task<Flood> Begin(LabHost attacker, LabHost victim, int count, int perSecond)
    {
        await victim.Namespace.Ip(victim.Plan.Family, "route", "add", "default", "via", attacker.Address);
        return new Flood(attacker, [victim.Address, $"{count}", $"{perSecond}", victim.Plan.BenchmarkPrefix]);
    }

    /// <returns>How many were sent, and in how many seconds.</returns>
    public async Task<(long Sent, double Seconds)> Stop()
    {
        await _process.Tell("stop");
        if (!await _process.WaitForLastWords(Limit) || _said.All is not [var result])
        {
            throw new LabException($"the flood failed: {_process.LogFile} says why");
        }

        using var document = JsonDocument.Parse(result);
        return (document.RootElement.GetProperty("sent").GetInt64(), document.RootElement.GetProperty("seconds").GetDouble());
    }
}
