using Latchkey.Linux;
using Latchkey.Linux.Protection;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>The host's routes into and around the protection. What the kernel refuses makes things worse, and does not end the daemon.</summary>
/// <param name="degraded">Told what does not work, in a sentence.</param>
internal sealed class HostRoutes(TrafficProtection protection, Action<string> degraded)
{
    /// <summary>The host's own routes changed.</summary>
    public void Follow() => Try(protection.FollowRoutes, Failed);

    /// <summary>Less fits into a packet on the way to a peer.</summary>
    public void Narrow(InetAddress remote) => Try(() => protection.NarrowPath(remote), Failed);

    /// <summary>A tunnel that began between the addresses of <paramref name="path"/> goes between <paramref name="ends"/> now.</summary>
    public void FollowTunnel(AddressPair path, AddressPair ends) => Try(() => protection.FollowTunnel(path, ends), Failed);

    /// <summary>What we write ourselves to these addresses, which the host has lost, reaches its sockets.</summary>
    public void DeliverToLost(IReadOnlyCollection<InetAddress> addresses) =>
        Try(() => protection.DeliverToLost(addresses), e => degraded($"applications are not told that their address is lost: {e.Message}"));

    public void Failed(LinuxException e) => degraded($"the routes of protected traffic do not follow the host's: {e.Message}");

    private static void Try(Action change, Action<LinuxException> failed)
    {
        try
        {
            change();
        }
        catch (LinuxException e)
        {
            failed(e);
        }
    }
}
