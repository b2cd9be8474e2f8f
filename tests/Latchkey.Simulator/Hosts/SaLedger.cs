using Latchkey.Contract;
using Latchkey.Crypto;

namespace Latchkey.Simulator;

/// <summary>
/// The truth about keys, which no host sees: who holds which key material in which direction. Whatever engines believe
/// about their peers is checked against it.
/// </summary>
public sealed class SaLedger
{
    private readonly Dictionary<KeyId, List<Holder>> _holders = [];
    private readonly Dictionary<(SimulatedDaemon, ChannelId), HashSet<KeyFingerprint>> _peers = [];

    /// <summary>Everybody who ever installed a key.</summary>
    public IReadOnlyList<Holder> Holders(KeyId key) => _holders.TryGetValue(key, out var holders) ? holders : [];

    /// <summary>Who can open what is sealed with a key.</summary>
    public IEnumerable<Holder> Openers(KeyId key) => Holders(key).Where(holder => holder.Direction == SaDirection.Inbound);

    /// <summary>Who has been at the other end of a channel so far: at most one key, if all is well.</summary>
    public IReadOnlyCollection<KeyFingerprint> PeersOf(SimulatedDaemon daemon, ChannelId channel) =>
        _peers.TryGetValue((daemon, channel), out var peers) ? peers : [];

    internal void Installed(SimulatedHost host, InstalledSa sa)
    {
        var daemon = host.Daemon!;
        var holder = new Holder(host, daemon, sa.Direction, sa.Channel, sa.Remote.Address);
        foreach (var other in Holders(sa.Key).Where(other => other.Daemon != daemon))
        {
            Pair(holder, other);
            Pair(other, holder);
        }

        _holders.TryAdd(sa.Key, []);
        _holders[sa.Key].Add(holder);
    }

    private void Pair(Holder one, Holder other)
    {
        if (!_peers.TryGetValue((one.Daemon, one.Channel), out var peers))
        {
            _peers[(one.Daemon, one.Channel)] = peers = [];
        }

        peers.Add(other.Host.Fingerprint);
    }

    /// <summary>Who held a key, in which life of its daemon, and with whom it believed to share it.</summary>
    public sealed record Holder(SimulatedHost Host, SimulatedDaemon Daemon, SaDirection Direction, ChannelId Channel, Wire.InetAddress Remote);
}
