using System.Diagnostics.Metrics;
using Latchkey.Daemon.Reports;
using Latchkey.Engine;

namespace Latchkey.Daemon.Logging;

/// <summary>The daemon's instruments (System.Diagnostics.Metrics), under the meter "Latchkey".</summary>
internal sealed class DaemonMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _events;
    private readonly Counter<long> _breaks;
    private readonly UpDownCounter<long> _latches;
    private readonly UpDownCounter<long> _clearFlows;
    private readonly Dictionary<uint, string> _states = [];

    public DaemonMetrics()
    {
        // Of two daemons in one process, each has instruments of its own.
        _meter = new Meter(new MeterOptions("Latchkey") { Scope = this });
        _events = _meter.CreateCounter<long>("latchkey.events", "{event}", "Events by kind");
        _breaks = _meter.CreateCounter<long>("latchkey.latch.breaks", "{latch}", "Latches broken, by reason");
        _latches = _meter.CreateUpDownCounter<long>("latchkey.latches", "{latch}", "Latches, by state");
        _clearFlows = _meter.CreateUpDownCounter<long>("latchkey.clear_flows", "{flow}", "Flows that go in clear");
    }

    /// <param name="drops">Packets dropped by reason.</param>
    /// <param name="ikeDrops">IKE datagrams dropped by reason.</param>
    public void Observe(Func<IReadOnlyDictionary<string, long>> drops, Func<IReadOnlyDictionary<string, long>> ikeDrops)
    {
        _meter.CreateObservableCounter("latchkey.drops", () => Measure(drops()), "{packet}", "Packets dropped, by reason");
        _meter.CreateObservableCounter("latchkey.ike.drops", () => Measure(ikeDrops()), "{datagram}", "IKE datagrams dropped, by reason");
    }

    public void Count(EngineEvent e, EventReport report)
    {
        _events.Add(1, new KeyValuePair<string, object?>("kind", report.Event));
        if (e.Kind == EventKind.LatchBroken)
        {
            _breaks.Add(1, new KeyValuePair<string, object?>("reason", e.Reason));
        }

        if (e.Kind is EventKind.FlowClear or EventKind.ClearEnded)
        {
            _clearFlows.Add(e.Kind == EventKind.FlowClear ? 1 : -1);
        }

        if (report is { Latch: { } latch, State: { } state })
        {
            Move(latch, e.Kind == EventKind.LatchReleased ? null : state);
        }
    }

    /// <summary>Takes a latch out of the state it was counted in, and counts it in its new one.</summary>
    private void Move(uint latch, string? state)
    {
        if (_states.Remove(latch, out var before))
        {
            _latches.Add(-1, Tag(before));
        }

        if (state is { } now)
        {
            _states[latch] = now;
            _latches.Add(1, Tag(now));
        }
    }

    private static IEnumerable<Measurement<long>> Measure(IReadOnlyDictionary<string, long> counts) =>
        counts.Select(c => new Measurement<long>(c.Value, new KeyValuePair<string, object?>("reason", c.Key)));

    private static KeyValuePair<string, object?> Tag(string state) => new("state", state);

    public void Dispose() => _meter.Dispose();
}
