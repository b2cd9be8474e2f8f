using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// Channels of restored latches whose peers have not been heard since the restart. There is no IKE SA to probe them by, so
/// until they were called, and the call was answered by somebody or by nobody, nothing says that they are gone
/// (docs/decisions/evidence.md).
/// </summary>
internal sealed class UnheardPeers
{
    private readonly HashSet<Channel> _channels = [];
    private readonly HashSet<AddressPair> _unmet = [];

    public void Add(Channel channel)
    {
        _channels.Add(channel);
        _unmet.Add(channel.Parameters.Path);
    }

    /// <summary>Latches were restored between these addresses, and no IKE SA has stood there since, whoever was called in vain.</summary>
    public bool IsUnmet(AddressPair pair) => _unmet.Contains(pair);

    public bool Contains(Channel channel) => _channels.Contains(channel);

    public void Forget(Channel channel) => _channels.Remove(channel);

    /// <summary>An IKE SA with this key stands. When we called and a newcomer answered, whom we meant is not there.</summary>
    public void Heard(AddressPair pair, KeyFingerprint key, bool called)
    {
        _unmet.Remove(pair);
        if (_channels.RemoveWhere(channel => channel.Parameters.PeerKey == key && channel.Parameters.Path == pair) == 0 && called)
        {
            Silent(pair);
        }
    }

    /// <summary>A call to that address was answered by nobody.</summary>
    public void Silent(AddressPair pair) => _channels.RemoveWhere(channel => channel.Parameters.Path == pair);
}
