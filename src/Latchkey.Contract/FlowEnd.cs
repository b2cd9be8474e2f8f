namespace Latchkey.Contract;

/// <summary>Why a flow that no local socket has is over.</summary>
public enum FlowEnd
{
    /// <summary>TCP: both ends closed it.</summary>
    Closed,

    /// <summary>TCP: one end reset it.</summary>
    Reset,

    /// <summary>Nothing of it moved for long.</summary>
    Idle,
}
