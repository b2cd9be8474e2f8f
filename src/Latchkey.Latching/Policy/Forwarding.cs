using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>How an entry treats flows between addresses behind this host and behind its peer, of which no socket here tells anything.</summary>
/// <param name="FlowMaximum">Latches of such flows at once.</param>
/// <param name="TcpIdle">A TCP connection is over when nothing of it moved for that long.</param>
/// <param name="Idle">So is a flow of another protocol.</param>
public sealed record Forwarding(int FlowMaximum, TimeSpan TcpIdle, TimeSpan Idle)
{
    /// <summary>The times that are asked of a NAT, which must guess as well: RFC 5382 REQ-5 and RFC 4787 REQ-5.</summary>
    public static Forwarding Default { get; } = new(FlowMaximum: 65_536, TcpIdle: TimeSpan.FromMinutes(124), Idle: TimeSpan.FromMinutes(5));

    public TimeSpan IdleOf(IpProtocol protocol) => protocol == IpProtocol.Tcp ? TcpIdle : Idle;
}
