using System.Collections.Concurrent;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath.Tests;

/// <summary>Notes what the datapath tells its engine, one line an event.</summary>
internal sealed class RecordingEvents : IDatapathEvents
{
    private readonly ConcurrentQueue<string> _lines = [];

    public List<byte[]> IkeDatagrams { get; } = [];

    /// <summary>The events since the last call.</summary>
    public List<string> Take()
    {
        List<string> taken = [];
        while (_lines.TryDequeue(out var line))
        {
            taken.Add(line);
        }

        return taken;
    }

    public void OutboundFlowUnknown(FlowKey flow, bool midway) => Note($"outbound {flow}");

    public void InboundFlowUnknown(FlowKey flow, ChannelId channel, uint spi, bool midway) => Note($"inbound {flow} {channel}");

    public void FlowEnded(FlowKey flow, FlowEnd end) => Note($"ended {flow} {end}");

    public void ClearFlowUnknown(FlowKey flow) => Note($"clear {flow}");

    public void FlowOfAnother(FlowKey flow, ChannelId channel) => Note($"of another {flow} {channel}");

    public void SaMissing(FlowKey flow, ChannelId channel) => Note($"missing {flow} {channel}");

    public void UnknownSpi(uint spi, InetEndpoint local, InetEndpoint remote, Encapsulation encapsulation) =>
        Note($"spi {spi} {remote.Address} {encapsulation}");

    public void Unanswered(ChannelId channel, TimeSpan silence) => Note($"unanswered {channel} {silence.TotalMilliseconds}");

    public void FirstInbound(uint spi, ChannelId channel) => Note($"first {spi} {channel}");

    public void SaWearingOut(SaDirection direction, uint spi, ChannelId channel) => Note($"worn {direction} {spi} {channel}");

    public void PathNarrowed(InetAddress remote) => Note($"narrowed {remote}");

    public void IkeDatagram(InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message)
    {
        IkeDatagrams.Add(message.ToArray());
        Note($"ike {remote} {message.Length}");
    }

    private void Note(string line) => _lines.Enqueue(line);
}
