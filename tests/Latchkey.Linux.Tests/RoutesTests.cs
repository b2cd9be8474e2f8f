using Latchkey.Linux.Native;
using Latchkey.Linux.Netlink;
using Latchkey.Linux.Tests.Hosts;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Linux.Tests;

public sealed class RoutesTests
{
    [Theory]
    [InlineData("192.0.2.77", "192.0.2.1")]
    [InlineData("198.51.100.7", "192.0.2.1")]
    [InlineData("2001:db8::77", "2001:db8::1")]
    public void The_kernel_says_from_which_address_it_would_send(string destination, string source)
    {
        var (here, there) = TestHost.Pair();
        using (here)
        using (there)
        {
            here.Sh("ip route add default via 192.0.2.2");
            var to = InetAddress.Parse(destination);
            var way = here.In(() =>
            {
                using var netlink = new NetlinkSocket(NetlinkAbi.Route);
                return new Routes(netlink, to.IsV6).Resolve(to, mark: 0x4c4b);
            });

            Assert.Equal(InetAddress.Parse(source), way?.Source);
        }
    }

    [Fact]
    public void Own_addresses_have_no_way_out()
    {
        using var host = new TestHost("alone");
        host.Sh("ip address add 192.0.2.1/32 dev lo");
        var way = host.In(() =>
        {
            using var netlink = new NetlinkSocket(NetlinkAbi.Route);
            return new Routes(netlink, v6: false).Resolve(InetAddress.Parse("192.0.2.1"), mark: 0);
        });

        Assert.Null(way);
    }
}
