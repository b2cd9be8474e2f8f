using Latchkey.Latching;
using Latchkey.Linux;
using Latchkey.Linux.Netlink;
using Latchkey.Linux.Protection;

namespace Latchkey.Daemon.Hosting;

/// <summary>Shows what begins a flow in clear, from the moment that a policy lets any flow go so.</summary>
internal sealed class KnockWatch(ProtectionSettings settings, KnockHandler knocked) : IDisposable
{
    private KnockMonitor? _monitor;

    /// <exception cref="LinuxException">The kernel cannot show them.</exception>
    public void Follow(SecurityPolicy policy)
    {
        if (policy.Protect.Any(entry => entry.ClearUntilIpsec))
        {
            _monitor ??= new KnockMonitor(settings, knocked);
        }
    }

    public void Dispose() => _monitor?.Dispose();
}
