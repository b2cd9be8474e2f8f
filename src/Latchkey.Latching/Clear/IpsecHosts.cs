using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>
/// Hosts that have spoken IPsec: they are never reached in clear again. What is learnt must outlive the process, or
/// whoever can keep a host's IKE from us and us from running gets clear traffic for the asking.
/// </summary>
public sealed class IpsecHosts
{
    /// <summary>Hosts remembered at most; beyond it <see cref="IsFull"/>, and no further host is reached in clear.</summary>
    public const int Maximum = 1 << 20;

    private readonly Dictionary<InetAddress, TimeSpan> _since = [];

    public int Count => _since.Count;

    public bool IsFull => _since.Count >= Maximum;

    public bool Contains(InetAddress host) => _since.ContainsKey(host);

    /// <summary>When the host first spoke IPsec; before the engine's own time began it is negative.</summary>
    public TimeSpan? Since(InetAddress host) => _since.TryGetValue(host, out var since) ? since : null;

    /// <summary>False when the host is known already, or when no more can be remembered.</summary>
    public bool Add(InetAddress host, TimeSpan since) => !IsFull && _since.TryAdd(host, since);

    /// <summary>A person decided that the address belongs to another host now.</summary>
    public bool Forget(InetAddress host) => _since.Remove(host);
}
