using Latchkey.Linux.Native;
using Latchkey.Wire;

namespace Latchkey.Linux.Netlink;

/// <summary>The host's own addresses.</summary>
public static class LocalAddresses
{
    /// <summary>
    /// What the host holds for its own, on whichever interface: every address, and every prefix whose packets it takes for
    /// itself (RTN_LOCAL). An address whose duplicate address detection still runs is among them: it is on its way in, not
    /// out. One that turned out to be another host's is not (RFC 4862 §5.4.5).
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused to list them.</exception>
    public static IReadOnlyList<InetPrefix> List()
    {
        using var netlink = new NetlinkSocket(NetlinkAbi.Route);
        var result = new List<InetPrefix>();
        netlink.Dump(
            MessageBuilder.Request(Rtnetlink.GetAddress, 0, default(AddressMessage)), "cannot list the addresses", result.Clear, (type, body) =>
            {
                if (type == Rtnetlink.NewAddress && TryRead(body) is { } address)
                {
                    result.Add(InetPrefix.Of(address));
                }
            });
        var routes = Protection.TrafficProtection.Families().SelectMany(v6 => new Routes(netlink, v6).List());
        return [.. result, .. routes.Where(r => r is { Table: Rtnetlink.TableLocal, Type: Rtnetlink.RouteLocal }).Select(r => r.Destination).Except(result)];
    }

    private static InetAddress? TryRead(ReadOnlySpan<byte> body)
    {
        if (!AttributeReader.TrySplit<AddressMessage>(body, out var message, out var attributes))
        {
            return null;
        }

        InetAddress? address = null;
        InetAddress? local = null;
        uint flags = message.Flags;
        while (attributes.TryNext(out var type, out var value))
        {
            switch (type)
            {
                case Rtnetlink.AddressAddress:
                    address = AttributeValue.ToAddress(value);
                    break;
                case Rtnetlink.AddressLocal:
                    local = AttributeValue.ToAddress(value);
                    break;
                case Rtnetlink.AddressFlags:
                    flags = AttributeValue.ToUInt32(value);
                    break;
            }
        }

        // On a point-to-point interface IFA_ADDRESS is the other end and IFA_LOCAL ours.
        return (flags & Rtnetlink.AddressDadFailed) == 0 ? local ?? address : null;
    }
}
