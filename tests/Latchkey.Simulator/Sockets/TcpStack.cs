using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>The TCP of one host: it listens on <see cref="ServicePort"/> and resets what it does not know.</summary>
public sealed class TcpStack(SimulatedHost host)
{
    /// <summary>The port every host serves.</summary>
    public const ushort ServicePort = 7000;

    // Few, so that a host that comes back after a crash soon uses a 5-tuple that its peer still remembers.
    private const ushort FirstEphemeral = 40000;

    private readonly Dictionary<FlowKey, TcpSocket> _sockets = [];
    private ushort _nextEphemeral = FirstEphemeral;

    public IEnumerable<TcpSocket> Open => _sockets.Values;

    public bool Has(FlowKey flow) => _sockets.ContainsKey(flow);

    public TcpSocket Connect(InetAddress local, InetAddress remote)
    {
        var flow = new FlowKey(IpProtocol.Tcp, local, _nextEphemeral++, remote, ServicePort);
        var socket = Make(flow);
        socket.BeginActive();
        return socket;
    }

    public void Arrive(Segment segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        var flow = segment.Flow.Reversed;
        if (segment.Damaged)
        {
            return;
        }

        if (_sockets.TryGetValue(flow, out var socket))
        {
            socket.Arrive(segment);
        }
        else if (segment.Flags == SegmentFlags.Syn && flow.LocalPort == ServicePort)
        {
            Make(flow).BeginPassive(segment);
        }
        else
        {
            Refuse(segment);
        }
    }

    public void Notice(FlowKey flow, FlowNotice notice)
    {
        if (_sockets.TryGetValue(flow, out var socket))
        {
            socket.Notice(notice);
        }
    }

    /// <summary>Answers a segment that belongs to no connection with a reset (RFC 9293 §3.5.2).</summary>
    internal void Refuse(Segment segment)
    {
        if (!segment.Has(SegmentFlags.Rst))
        {
            var reset = segment.Has(SegmentFlags.Ack)
                ? new Segment(segment.Flow.Reversed, SegmentFlags.Rst, segment.Acknowledgment, 0, 0, 0)
                : new Segment(segment.Flow.Reversed, SegmentFlags.Rst | SegmentFlags.Ack, 0, segment.Sequence + segment.Span, 0, 0);
            host.Transmit(reset);
        }
    }

    internal void Gone(TcpSocket socket) => _sockets.Remove(socket.Flow);

    internal void HostLost()
    {
        foreach (var socket in _sockets.Values.ToArray())
        {
            socket.End(SocketOutcome.HostLost);
        }

        _nextEphemeral = FirstEphemeral;
    }

    private TcpSocket Make(FlowKey flow)
    {
        var socket = host.World.NewSocket((serial, initial) => new TcpSocket(host, flow, serial, initial));
        _sockets.Add(flow, socket);
        return socket;
    }
}
