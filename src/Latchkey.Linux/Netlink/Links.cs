using System.Runtime.InteropServices;
using Latchkey.Linux.Native;

namespace Latchkey.Linux.Netlink;

/// <summary>A network interface.</summary>
public readonly record struct LinkInfo(int Index, string Name, int Mtu, bool IsUp, bool IsLoopback);

/// <summary>Interfaces through RTM_*LINK.</summary>
internal sealed class Links(NetlinkSocket netlink)
{
    public List<LinkInfo> List()
    {
        var result = new List<LinkInfo>();
        netlink.Dump(
            MessageBuilder.Request(Rtnetlink.GetLink, 0, default(LinkMessage)), "cannot list the interfaces", result.Clear, (type, body) =>
            {
                if (type == Rtnetlink.NewLink && TryRead(body) is { } link)
                {
                    result.Add(link);
                }
            });
        return result;
    }

    public LinkInfo? Find(string name)
    {
        foreach (var link in List())
        {
            if (link.Name == name)
            {
                return link;
            }
        }

        return null;
    }

    public void SetMtu(LinkInfo link, int mtu) =>
        netlink.Do(
            MessageBuilder.Request(Rtnetlink.NewLink, 0, new LinkMessage { Index = link.Index }).Put(Rtnetlink.LinkMtu, (uint)mtu),
            $"cannot set the MTU of {link.Name} to {mtu}");

    /// <summary>How many packets the device holds until they are read or taken by the wire.</summary>
    public void SetTransmitQueue(LinkInfo link, int packets) =>
        netlink.Do(
            MessageBuilder.Request(Rtnetlink.NewLink, 0, new LinkMessage { Index = link.Index }).Put(Rtnetlink.LinkTransmitQueue, (uint)packets),
            $"cannot set the queue of {link.Name} to {packets} packets");

    /// <summary>Lets the kernel make no link-local address, so that nothing is sent that nobody asked for (addrgenmode none).</summary>
    /// <returns>False when the host has no IPv6.</returns>
    public bool TryWithoutAutomaticAddress(LinkInfo link)
    {
        var request = MessageBuilder.Request(Rtnetlink.NewLink, 0, new LinkMessage { Index = link.Index });
        var outer = request.BeginNested(Rtnetlink.LinkAfSpec);
        var inner = request.BeginNested(Socket.FamilyInet6);
        request.Put(Rtnetlink.LinkInet6AddressGeneration, Rtnetlink.AddressGenerationNone).EndNested(inner).EndNested(outer);
        return netlink.TryDo(request) == 0;
    }

    public void SetUp(LinkInfo link) =>
        netlink.Do(
            MessageBuilder.Request(Rtnetlink.NewLink, 0, new LinkMessage { Index = link.Index, Flags = Rtnetlink.InterfaceUp, Change = Rtnetlink.InterfaceUp }),
            $"cannot bring {link.Name} up");

    /// <summary>Packets the device could not take from the stack (<c>tx_dropped</c> of <c>rtnl_link_stats64</c>); 0 when it is gone.</summary>
    public long TransmitDropped(int index)
    {
        var dropped = 0L;
        netlink.TryGet(MessageBuilder.Request(Rtnetlink.GetLink, 0, new LinkMessage { Index = index }), (_, body) =>
        {
            if (AttributeReader.TrySplit<LinkMessage>(body, out var _, out var attributes))
            {
                while (attributes.TryNext(out var type, out var value))
                {
                    if (type == Rtnetlink.LinkStatistics64 && value.Length >= Rtnetlink.StatisticsTransmitDropped + sizeof(ulong))
                    {
                        dropped = (long)MemoryMarshal.Read<ulong>(value[Rtnetlink.StatisticsTransmitDropped..]);
                    }
                }
            }
        });
        return dropped;
    }

    private static LinkInfo? TryRead(ReadOnlySpan<byte> body)
    {
        if (!AttributeReader.TrySplit<LinkMessage>(body, out var link, out var attributes))
        {
            return null;
        }

        var name = "";
        var mtu = 0;
        while (attributes.TryNext(out var type, out var value))
        {
            switch (type)
            {
                case Rtnetlink.LinkName:
                    name = AttributeValue.ToText(value);
                    break;
                case Rtnetlink.LinkMtu:
                    mtu = (int)AttributeValue.ToUInt32(value);
                    break;
            }
        }

        return new LinkInfo(link.Index, name, mtu, (link.Flags & Rtnetlink.InterfaceUp) != 0, (link.Flags & Rtnetlink.InterfaceLoopback) != 0);
    }
}
