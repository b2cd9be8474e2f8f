using System.Diagnostics.Metrics;
using Latchkey.Engine;

namespace Latchkey.Daemon.Logging;

/// <summary>The daemon's instruments (System.Diagnostics.Metrics), under the meter "Latchkey".</summary>
internal sealed class DaemonMetrics : IDisposable
{
    private readonly Meter _meter = new("Latchkey");
    private readonly Counter<long> _events;
    private readonly Counter<long> _breaks;

    public DaemonMetrics()
    {
        _events = _meter.CreateCounter<long>("latchkey.events", "{event}", "Events by kind");
        _breaks = _meter.CreateCounter<long>("latchkey.latch.breaks", "{latch}", "Latches broken, by reason");
    }

    /// <param name="drops">Packets dropped by reason.</param>
    /// <param name="latches">Latches by state.</param>
    public void Observe(Func<IReadOnlyDictionary<string, long>> drops, Func<IReadOnlyDictionary<string, int>> latches)
    {
        _meter.CreateObservableCounter(
            "latchkey.drops", () => drops().Select(d => new Measurement<long>(d.Value, new KeyValuePair<string, object?>("reason", d.Key))), "{packet}", "Packets dropped, by reason");
        _meter.CreateObservableGauge(
            "latchkey.latches", () => latches().Select(l => new Measurement<int>(l.Value, new KeyValuePair<string, object?>("state", l.Key))), "{latch}", "Latches, by state");
    }

    public void Count(EngineEvent e, string kind)
    {
        _events.Add(1, new KeyValuePair<string, object?>("kind", kind));
        if (e.Kind == EventKind.LatchBroken)
        {
            _breaks.Add(1, new KeyValuePair<string, object?>("reason", e.Reason));
        }
    }

    public void Dispose() => _meter.Dispose();
}
