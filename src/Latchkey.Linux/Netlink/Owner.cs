namespace Latchkey.Linux.Netlink;

/// <summary>Who made a route or a rule.</summary>
internal static class Owner
{
    /// <summary>
    /// The <c>protocol</c> of our routes and rules (rtnetlink(7) leaves the numbers from 5 on to users; none of
    /// iproute2's rt_protos). It tells what is ours, also what an earlier, killed run left.
    /// </summary>
    public const byte Number = 76;
}
