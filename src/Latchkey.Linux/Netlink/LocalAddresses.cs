using Latchkey.Linux.Native;
using Latchkey.Wire;

namespace Latchkey.Linux.Netlink;

/// <summary>The host's own addresses.</summary>
public static class LocalAddresses
{
    /// <summary>
    /// Every address that a packet may be sent from now, on any interface. Not yet usable ones (duplicate address
    /// detection runs, or failed) are left out.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused to list them.</exception>
    public static IReadOnlySet<InetAddress> List()
    {
        using var netlink = new NetlinkSocket(NetlinkAbi.Route);
        var result = new HashSet<InetAddress>();
        netlink.Dump(
            MessageBuilder.Request(Rtnetlink.GetAddress, 0, default(AddressMessage)), "cannot list the addresses", result.Clear, (type, body) =>
            {
                if (type == Rtnetlink.NewAddress && TryRead(body) is { } address)
                {
                    result.Add(address);
                }
            });
        return result;
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
        return (flags & (Rtnetlink.AddressTentative | Rtnetlink.AddressDadFailed)) == 0 ? local ?? address : null;
    }
}
