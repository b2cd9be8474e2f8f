namespace Latchkey.Contract;

/// <summary>What the owner of a blocked flow is told; the notice reaches only the local socket, never the wire.</summary>
public enum FlowNotice
{
    /// <summary>TCP: a reset the socket accepts (ECONNRESET; ECONNREFUSED while connecting).</summary>
    Reset,

    /// <summary>UDP: port unreachable (ECONNREFUSED on a connected socket).</summary>
    Unreachable,
}
