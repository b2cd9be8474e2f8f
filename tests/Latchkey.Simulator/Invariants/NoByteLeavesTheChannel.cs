using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>Invariant 1, outbound: no octet of a connection in clear, or where another key than its peer's can open it.</summary>
public sealed class NoByteLeavesTheChannel(World world) : Invariant
{
    // What was said under a key, and to whom: also who installs the key later must not be able to open it.
    private readonly Dictionary<KeyId, KeyFingerprint> _meantFor = [];

    // The last time a flow was tied to a channel. A policy may bypass it since; the socket that was tied stays protected.
    private readonly Dictionary<(SimulatedHost, FlowKey), TimeSpan> _latched = [];

    public override string Name => "No byte of a latched flow leaves its channel";

    public override void Sent(SimulatedHost sender, Datagram datagram)
    {
        ArgumentNullException.ThrowIfNull(sender);
        if (datagram is ClearDatagram clear && sender.RunsLatchkey)
        {
            CheckClear(sender, clear);
        }

        if (datagram is EspDatagram { Sealed: var packet } && packet.Segment.Length > 0
            && world.Socket(packet.Segment.Sender) is { } socket && world.Socket(socket.Peer) is { } peer)
        {
            var key = peer.Host.Fingerprint;
            if (_meantFor.TryGetValue(packet.Key, out var other) && other != key)
            {
                Fail($"{sender} seals {packet}, meant for {peer.Host}, under a key that it used with somebody else");
            }

            _meantFor[packet.Key] = key;
            foreach (var opener in world.Ledger.Openers(packet.Key).Where(opener => opener.Host.Fingerprint != key))
            {
                Fail($"{opener.Host} can open {packet} of {sender}, meant for {peer.Host}");
            }
        }
    }

    public override void Bound(SimulatedHost host, FlowKey flow, ChannelId channel) => _latched[(host, flow)] = world.Now;

    public override void Installed(SimulatedHost host, InstalledSa sa)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(sa);
        if (sa.Direction == SaDirection.Inbound && _meantFor.TryGetValue(sa.Key, out var key) && key != host.Fingerprint)
        {
            Fail($"{host} installs key {sa.Key}, under which octets for another were sent");
        }
    }

    private void CheckClear(SimulatedHost sender, ClearDatagram clear)
    {
        if (sender.Policy.Find(clear.Segment.Flow) is { ClearUntilIpsec: false })
        {
            Fail($"{sender} sends {clear}");
        }

        if (_latched.TryGetValue((sender, clear.Segment.Flow), out var at) && world.Socket(clear.Segment.Sender) is { } socket && at >= socket.Born)
        {
            Fail($"{sender} sends {clear}, and the socket was latched");
        }
    }
}
