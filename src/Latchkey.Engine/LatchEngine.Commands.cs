using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <content>What operators and applications ask for.</content>
public sealed partial class LatchEngine
{
    /// <summary>Administrative close: the connection-oriented owner sees a reset (L19, L38).</summary>
    /// <returns>False when there is no such live latch.</returns>
    public bool CloseLatch(TimeSpan now, LatchId id)
    {
        if (_state.Latches.Find(id) is not { } latch || latch.State == LatchState.Closed)
        {
            return false;
        }

        _breaker.Close(now, latch, ClosedReason.Administrative, DropReason.LatchClosed, "an administrator closed it");
        Settle(now);
        return true;
    }

    /// <summary>
    /// Puts another policy in force, at once and as a whole: every latch is judged by it before anything else happens
    /// (RFC 5660 §2.3, L29, L30; C5, C6).
    /// </summary>
    /// <param name="connections">
    /// Connections of this host. What began in clear and is to be protected now ends: nobody knows who is at the other end.
    /// </param>
    public PolicyChangeResult ChangePolicy(TimeSpan now, SecurityPolicy policy, IReadOnlyCollection<FlowKey>? connections = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        // What was learnt stays, whatever the operator's file says now.
        var result = _policy.To(now, policy with { Pins = Policy.Pins }, connections ?? [], _changed);
        Settle(now);
        return result;
    }

    /// <summary>The answer to a <see cref="RecordPin"/>: peers that wait for it are let in, or refused.</summary>
    /// <param name="problem">Null: it is recorded, and survives a power cut. Else why it is not.</param>
    public void HandlePinRecorded(TimeSpan now, Pin pin, string? problem)
    {
        ArgumentNullException.ThrowIfNull(pin);
        _firstUse.Recorded(now, pin, problem);
        Settle(now);
    }

    /// <summary>A person changed a pin, which is recorded already. Every latch is judged by it as by any change of policy.</summary>
    /// <param name="text">What was done, in a sentence, for the event.</param>
    /// <returns>Latches that were closed or broken because their peer is no longer authorised.</returns>
    public int ChangePins(TimeSpan now, InetAddress address, Func<PinSet, PinSet> change, string text)
    {
        ArgumentNullException.ThrowIfNull(change);
        var before = Policy.Pins;
        var after = change(before);
        _state.Effects.Raise(new EngineEvent(after.At(address) is null ? EventKind.PeerUnpinned : EventKind.PeerPinned, now, text)
        {
            PeerAddress = address,
            PeerKey = (after.At(address) ?? before.At(address))?.Key.ToString(),
        });
        var result = _policy.To(now, Policy with { Pins = after }, [], _changed);
        Settle(now);
        return result.Closed + result.Broken;
    }

    /// <summary>What the application that owns a flow asks for it (RFC 5660 L10, L17, L31, L44).</summary>
    /// <returns>Null when it is granted, else why not.</returns>
    public string? Grant(TimeSpan now, FlowKey flow, FlowWishes wishes)
    {
        ArgumentNullException.ThrowIfNull(wishes);
        var refusal = _wishes.Grant(now, flow, wishes);
        Settle(now);
        return refusal;
    }

    /// <summary>What the owner of a listening socket asks for the connections that will be born from it.</summary>
    /// <returns>Null when it is granted, else why not.</returns>
    public string? Grant(ListenerKey listener, FlowWishes wishes)
    {
        ArgumentNullException.ThrowIfNull(wishes);
        return _wishes.Grant(listener, wishes);
    }

    /// <summary>The socket whose owner asked is gone; another may listen at the same address.</summary>
    public void ForgetWishes(ListenerKey listener) => _wishes.Forget(listener);
}
