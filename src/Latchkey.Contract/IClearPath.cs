using Latchkey.Wire;

namespace Latchkey.Contract;

/// <summary>
/// How flows travel in clear, past the datapath. What is opened here the kernel carries by itself, with one exception:
/// the SYN of a connection is never carried, in either direction, so that no connection begins without being asked for.
/// </summary>
public interface IClearPath
{
    /// <summary>Lets the kernel carry a flow. Nothing changes for one that is open already.</summary>
    /// <returns>False when the kernel refused; the flow is as closed as before.</returns>
    bool TryOpen(FlowKey flow);

    /// <summary>Ends that; nothing changes for a flow that is not open.</summary>
    void Close(FlowKey flow);

    /// <summary>Sends one whole IP packet of a local socket in clear.</summary>
    void Send(ReadOnlySpan<byte> packet);
}
