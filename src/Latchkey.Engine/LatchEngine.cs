using System.Diagnostics.CodeAnalysis;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// The one loop that joins IKE and latching. Deterministic and single-threaded: time, datagrams, questions of the
/// datapath and commands go in, ordered effects come out.
/// </summary>
/// <remarks>After every call: carry out what <see cref="TryTakeEffect"/> gives, in order, then look at
/// <see cref="NextDeadline"/>.</remarks>
public sealed class LatchEngine : IDisposable
{
    public LatchEngine(EngineSettings settings, SecurityPolicy policy, SigningKey identity, IRandomSource random) =>
        throw new NotSupportedException();

    public TimeSpan? NextDeadline => throw new NotSupportedException();

    public SecurityPolicy Policy => throw new NotSupportedException();

    public IReadOnlyDictionary<IkeDropReason, long> IkeDrops => throw new NotSupportedException();

    public void HandleDeadline(TimeSpan now) => throw new NotSupportedException();

    public bool TryTakeEffect([NotNullWhen(true)] out Effect? effect) => throw new NotSupportedException();

    /// <summary>A datagram from port 500, or from 4500 without its non-ESP marker.</summary>
    public void HandleIkeDatagram(TimeSpan now, InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message) => throw new NotSupportedException();

    /// <summary><see cref="IDatapathEvents.OutboundFlowUnknown"/></summary>
    public void HandleOutboundFlow(TimeSpan now, FlowKey flow) => throw new NotSupportedException();

    /// <summary><see cref="IDatapathEvents.InboundFlowUnknown"/></summary>
    public void HandleInboundFlow(TimeSpan now, FlowKey flow, ChannelId channel) => throw new NotSupportedException();

    /// <summary><see cref="IDatapathEvents.SaMissing"/></summary>
    public void HandleSaMissing(TimeSpan now, FlowKey flow, ChannelId channel) => throw new NotSupportedException();

    /// <summary><see cref="IDatapathEvents.UnknownSpi"/></summary>
    public void HandleUnknownSpi(TimeSpan now, uint spi, InetEndpoint local, InetEndpoint remote) => throw new NotSupportedException();

    /// <summary><see cref="IDatapathEvents.Unanswered"/></summary>
    public void HandleUnanswered(TimeSpan now, ChannelId channel, TimeSpan silence) => throw new NotSupportedException();

    /// <summary><see cref="IDatapathEvents.FirstInbound"/></summary>
    public void HandleFirstInbound(TimeSpan now, uint spi, ChannelId channel) => throw new NotSupportedException();

    /// <summary><see cref="IDatapathEvents.SaWearingOut"/></summary>
    public void HandleSaWearingOut(TimeSpan now, SaDirection direction, uint spi, ChannelId channel) => throw new NotSupportedException();

    /// <summary>The sockets of these flows no longer exist: their latches are released (L34).</summary>
    public void HandleSocketsGone(TimeSpan now, IReadOnlyCollection<FlowKey> flows) => throw new NotSupportedException();

    /// <summary>Administrative close: the connection-oriented owner sees a reset (L19, L38).</summary>
    /// <returns>False when there is no such live latch.</returns>
    public bool CloseLatch(TimeSpan now, LatchId latch) => throw new NotSupportedException();

    /// <summary>Says goodbye: Deletes for every IKE SA (best effort). Latched flows stay blocked behind us.</summary>
    public void Shutdown(TimeSpan now) => throw new NotSupportedException();

    /// <summary>Flows that have a latch which is not CLOSED, for the check whether their sockets still exist.</summary>
    public IReadOnlyCollection<FlowKey> LatchedFlows() => throw new NotSupportedException();

    public IReadOnlyList<LatchSnapshot> Latches() => throw new NotSupportedException();

    public IReadOnlyList<PeerSnapshot> Peers() => throw new NotSupportedException();

    public IReadOnlyList<IkeSaSnapshot> Sas() => throw new NotSupportedException();

    public void Dispose() => throw new NotSupportedException();
}
