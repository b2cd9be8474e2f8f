using Latchkey.Contract;
using Latchkey.Engine;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>One thing that must always be so. It sees everything, also what no host can know, and fails the run.</summary>
public abstract class Invariant
{
    /// <summary>A sentence that says what must be so.</summary>
    public abstract string Name { get; }

    /// <summary>A host put a datagram on the wire.</summary>
    public virtual void Sent(SimulatedHost sender, Datagram datagram)
    {
    }

    /// <summary>A socket took a segment's octets for its own.</summary>
    public virtual void Delivered(TcpSocket receiver, Segment segment)
    {
    }

    /// <summary>A datapath has installed an SA.</summary>
    public virtual void Installed(SimulatedHost host, InstalledSa sa)
    {
    }

    /// <summary>A datapath has bound a flow.</summary>
    public virtual void Bound(SimulatedHost host, FlowKey flow, ChannelId channel)
    {
    }

    /// <summary>An engine raised an event.</summary>
    public virtual void Raised(SimulatedDaemon daemon, EngineEvent raised)
    {
    }

    /// <summary>An engine answered a call with these effects, in this order; they were carried out.</summary>
    public virtual void Answered(SimulatedDaemon daemon, string cause, IReadOnlyList<Effect> effects)
    {
    }

    /// <summary>A step of the simulation that touched this daemon is over.</summary>
    public virtual void Stepped(SimulatedDaemon daemon)
    {
    }

    /// <summary>A daemon said goodbye and is about to end.</summary>
    public virtual void ShutDown(SimulatedDaemon daemon)
    {
    }

    /// <summary>A daemon is about to end, however it came to that.</summary>
    public virtual void Killed(SimulatedDaemon daemon)
    {
    }

    protected void Fail(string text) => throw new InvariantViolatedException(Name, text);
}
