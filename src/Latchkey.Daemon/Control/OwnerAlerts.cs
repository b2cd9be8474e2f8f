using System.Collections.Immutable;
using Latchkey.Wire;

namespace Latchkey.Daemon.Control;

/// <summary>
/// Users who listen for events of their own connections. An alert is in its owner's hands before its disposition follows:
/// the engine's thread waits for that, briefly, and only where somebody listens for the very connection (RFC 5660 L44).
/// </summary>
/// <param name="time">Says when patience is at an end.</param>
public sealed class OwnerAlerts(ISocketOwners sockets, TimeProvider time)
{
    /// <summary>
    /// Owners who do not take an alert within this time are dropped, once. It is the time of all of them together: a user may
    /// have many streams, and who reads none of them must not hold up the engine, and everybody's resets, once for each.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private ImmutableArray<OwnerSubscription> _subscriptions = [];

    /// <param name="drop">Ends the subscription's stream.</param>
    public OwnerSubscription Subscribe(uint user, Action drop)
    {
        var subscription = new OwnerSubscription(user, sockets, drop, s => ImmutableInterlocked.Update(ref _subscriptions, all => all.Remove(s)));
        ImmutableInterlocked.Update(ref _subscriptions, all => all.Add(subscription));
        return subscription;
    }

    /// <summary>Returns when every owner who listens for this connection has the events up to <paramref name="last"/>, or was dropped.</summary>
    public void AwaitDelivery(FlowKey flow, long last)
    {
        OwnerSubscription[] watching = [.. _subscriptions.Where(subscription => subscription.Watches(flow))];
        if (watching.Length == 0)
        {
            return;
        }

        using var patience = new CancellationTokenSource(Patience, time);
        foreach (var subscription in watching)
        {
            if (!subscription.TryAwait(last, patience.Token))
            {
                subscription.Drop();
            }
        }
    }
}
