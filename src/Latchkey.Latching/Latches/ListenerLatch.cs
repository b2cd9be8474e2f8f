using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>What a LISTENER latch is keyed on: local address, protocol, local port (RFC 5660 §2).</summary>
/// <param name="Local">The unspecified address for a socket that listens on all.</param>
public readonly record struct ListenerKey(IpProtocol Protocol, InetAddress Local, ushort LocalPort);

/// <summary>A listening socket whose connections will be latched; from it connection latches are born (RFC 5660 §2.2).</summary>
public sealed record ListenerLatch(LatchId Id, ListenerKey Key, ProtectEntry Entry, TimeSpan Since)
{
    /// <summary>What its owner asks for every connection born from it.</summary>
    public FlowWishes Wishes { get; set; } = FlowWishes.None;

    public Disposition Disposition => Wishes.Disposition ?? Entry.DispositionFor(Key.Protocol);
}
