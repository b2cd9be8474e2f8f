using CsCheck;
using Latchkey.Linux.Netlink;
using Latchkey.Linux.Protection;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Linux.Tests;

public sealed class MirrorPlanTests
{
    /// <summary>Prefixes inside 192.0.2.0/24, so that they overlap often and every address can be tried.</summary>
    private static readonly Gen<InetPrefix> Prefixes = Gen.Select(Gen.UInt[0, 255], Gen.Int[24, 32], (host, length) =>
        new InetPrefix(InetAddress.FromV4((0xc000_0200 | host) & (uint.MaxValue << (32 - length))), length));

    [Fact]
    public void A_witness_lies_in_its_prefix_and_in_none_more_specific_and_there_is_one_if_there_can_be() =>
        Gen.Select(Prefixes, Prefixes.HashSet[0, 8]).Sample((prefix, others) =>
        {
            bool Stands(uint number) => prefix.Contains(InetAddress.FromV4(number))
                && !others.Any(o => o.Length > prefix.Length && o.Contains(InetAddress.FromV4(number)));

            var first = (uint)prefix.Start.ToNumber() + (prefix.Length < 31 ? 1u : 0u);
            var last = (uint)prefix.End.ToNumber();
            var exists = false;
            for (var number = first; number <= last; number++)
            {
                exists |= Stands(number);
            }

            var witness = MirrorPlan.Witness(prefix, others);
            Assert.Equal(exists, witness is not null);
            Assert.True(witness is null || Stands((uint)witness.Value.ToNumber()));
        });

    [Theory]
    [InlineData("0.0.0.0/0", "0.0.0.1")]
    [InlineData("::/0", "::1")]
    [InlineData("192.0.2.7/32", "192.0.2.7")]
    [InlineData("192.0.2.6/31", "192.0.2.6")]
    public void Whole_families_and_single_addresses_have_witnesses(string prefix, string witness) =>
        Assert.Equal(InetAddress.Parse(witness), MirrorPlan.Witness(InetPrefix.Parse(prefix), []));

    /// <summary>A forged ICMP error moves what the kernel believes of a path, down to 552 octets (1280 for IPv6), and no further.</summary>
    [Theory]
    [InlineData("192.0.2.7", 552, 488)]
    [InlineData("192.0.2.7", 1400, 1336)]
    [InlineData("2001:db8::7", 1280, 1280)]
    [InlineData("2001:db8::7", 1400, 1336)]
    public void Packets_towards_a_peer_fit_however_narrow_its_path_is_believed_to_be(string peer, int path, int expected)
    {
        const int Overhead = 64;
        var address = InetAddress.Parse(peer);

        var route = MirrorPlan.Narrow(address, new Way(1, address, path), (outer, _, _) => outer - Overhead, device: 2, new ProtectionSettings());

        Assert.Equal(expected, route.Mtu);
    }

    [Fact]
    public void A_tunnel_has_a_route_from_an_inner_address_of_ours_although_the_host_knows_no_way_there()
    {
        var local = new InetPrefix(InetAddress.Parse("10.1.0.0"), 16);
        var remote = new InetPrefix(InetAddress.Parse("10.2.0.0"), 16);
        var (gateway, inner, outer) = (InetAddress.Parse("198.51.100.7"), InetAddress.Parse("10.1.0.1"), InetAddress.Parse("192.0.2.1"));
        var selector = new ProtectedSelector(local, remote, null, PortSpan.Any, PortSpan.Any) { Tunnel = new AddressPair(outer, gateway) };
        var addresses = new[] { outer, inner }.Select(a => new RouteInfo(InetPrefix.Of(a), Native.Rtnetlink.TableLocal, Native.Rtnetlink.RouteLocal, 2, 0, Interface: 3));

        var route = Assert.Single(MirrorPlan.For(
            v6: false, [selector], [.. addresses], to => to == gateway ? new Way(3, outer, 0) : null, _ => 1500, (mtu, _, tunnel) => mtu - (tunnel ? 100 : 50), device: 9, new ProtectionSettings()));

        Assert.Equal((remote, 9, inner, 1400), (route.Destination, route.Interface, route.Source, route.Mtu));
    }
}
