namespace Latchkey.Ike;

/// <summary>A refused mode, explained in the words of configurations: no notify of IKE says "not in this mode".</summary>
public static class ModeRefusal
{
    /// <param name="tunnel">The peer wants tunnel mode where transport mode is configured; else it is the other way round.</param>
    public static Refusal Of(bool tunnel)
    {
        var (wanted, configured) = tunnel ? ("tunnel", "transport") : ("transport", "tunnel");
        return new([new Difference("mode", [wanted], [configured])], [$"at the peer: {configured} mode (strongSwan: mode = {configured}; Libreswan: type={configured})"]);
    }
}
