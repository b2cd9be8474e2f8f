using Latchkey.Daemon.Hosting;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Hosting;

/// <summary>What users ask before they connect (RFC 5660 L31).</summary>
public class ExpectedFlowsTests
{
    private static readonly FlowKey Flow = new(IpProtocol.Tcp, InetAddress.Parse("192.0.2.1"), 40000, InetAddress.Parse("192.0.2.7"), 7000);
    private static readonly FlowWishes Wait = new() { Disposition = Disposition.Wait };

    private readonly ExpectedFlows _expected = new(new DaemonClock());

    [Fact]
    public void L31_It_counts_for_the_user_who_asked_also_when_the_first_packet_is_repeated()
    {
        Assert.False(_expected.MayExpect(Flow));
        Assert.True(_expected.TryAdd(1000, Flow, Wait));

        Assert.True(_expected.MayExpect(Flow));
        Assert.False(_expected.MayExpect(Flow with { LocalPort = 40001 }));
        Assert.Null(_expected.Find(1001, Flow));
        Assert.Null(_expected.Find(1000, Flow with { Local = InetAddress.Parse("192.0.2.2") }));
        Assert.Equal(Wait, _expected.Find(1000, Flow));
        Assert.Equal(Wait, _expected.Find(1000, Flow));
    }

    [Fact]
    public void L31_A_socket_bound_to_a_port_alone_gets_its_address_when_it_connects()
    {
        _expected.TryAdd(1000, Flow with { Local = InetAddress.AnyV4 }, Wait);
        _expected.TryAdd(1000, Flow with { Local = InetAddress.AnyV4 }, new FlowWishes { Narrow = true });

        Assert.Equal(Wait with { Narrow = true }, _expected.Find(1000, Flow));
    }

    [Fact]
    public void One_user_cannot_fill_the_table()
    {
        for (ushort port = 0; port < ExpectedFlows.OfOneUser; port++)
        {
            Assert.True(_expected.TryAdd(1000, Flow with { LocalPort = port }, Wait));
        }

        Assert.False(_expected.TryAdd(1000, Flow, Wait));
        Assert.True(_expected.TryAdd(1001, Flow, Wait));
    }
}
