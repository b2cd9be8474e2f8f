namespace Latchkey.Daemon.Control;

/// <summary>One connection to the control socket: whose it is, and whether a request is being answered on it.</summary>
/// <param name="close">Ends it.</param>
internal sealed class ControlConnection(Caller caller, Action close)
{
    private int _requests;

    public Caller Caller { get; } = caller;

    /// <summary>No request is being answered; one may be on its way.</summary>
    public bool IsIdle => Volatile.Read(ref _requests) == 0;

    public void BeginRequest() => Interlocked.Increment(ref _requests);

    public void EndRequest() => Interlocked.Decrement(ref _requests);

    public void Close() => close();
}
