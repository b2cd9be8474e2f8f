namespace Latchkey.Simulator;

/// <summary>How a socket's life ended, as its application sees it.</summary>
public enum SocketOutcome
{
    /// <summary>It lives.</summary>
    None,

    /// <summary>Both directions were closed in order.</summary>
    Closed,

    /// <summary>ECONNREFUSED.</summary>
    Refused,

    /// <summary>ECONNRESET.</summary>
    Reset,

    /// <summary>ETIMEDOUT.</summary>
    TimedOut,

    /// <summary>The host went down, and the application with it.</summary>
    HostLost,
}
