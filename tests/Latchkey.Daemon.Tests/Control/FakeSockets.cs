using Latchkey.Daemon.Control;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Tests.Control;

/// <summary>A host whose sockets are what a test says.</summary>
internal sealed class FakeSockets : ISocketOwners
{
    public Dictionary<FlowKey, SocketOwner> Connections { get; } = [];

    public Dictionary<ListenerKey, SocketOwner> Listeners { get; } = [];

    public SocketOwner? Of(FlowKey flow) => Connections.TryGetValue(flow, out var holder) ? holder : null;

    public SocketOwner? Of(ListenerKey listener) => Listeners.TryGetValue(listener, out var holder) ? holder : null;

    public IReadOnlyList<FlowKey> HeldBy(uint user) => [.. Connections.Where(c => c.Value.User == user).Select(c => c.Key)];
}
