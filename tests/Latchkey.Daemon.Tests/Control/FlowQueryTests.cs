using Latchkey.Daemon.Control;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Control;

public class FlowQueryTests
{
    [Theory]
    [InlineData("10.0.0.2", "any any <-> 10.0.0.2")]
    [InlineData("10.0.0.2:80", "any any <-> 10.0.0.2:80")]
    [InlineData("TCP 10.0.0.2:80", "tcp any <-> 10.0.0.2:80")]
    [InlineData("tcp 10.0.0.1:7000 10.0.0.2", "tcp 10.0.0.1:7000 <-> 10.0.0.2")]
    [InlineData("udp [2001:db8::1]:7000 <-> [2001:db8::2]:53", "udp [2001:db8::1]:7000 <-> [2001:db8::2]:53")]
    [InlineData("2001:db8::2", "any any <-> 2001:db8::2")]
    public void A_question_is_understood(string text, string understood)
    {
        Assert.True(FlowQuery.TryParse(text, out var query, out _));
        Assert.Equal(understood, query.ToString());
    }

    [Theory]
    [InlineData(null, "a flow is written")]
    [InlineData("", "a flow is written")]
    [InlineData("tcp", "a flow is written")]
    [InlineData("tcp 10.0.0.1 10.0.0.2 10.0.0.3", "a flow is written")]
    [InlineData("10.0.0.1:99999", "'10.0.0.1:99999' is not an address")]
    [InlineData("quic 10.0.0.1", "'quic' is not an address")]
    [InlineData("6 10.0.0.1", "'6' is not an address")]
    [InlineData("10.0.0.1 2001:db8::1", "different families")]
    public void A_question_that_makes_no_sense_is_refused(string? text, string reason)
    {
        Assert.False(FlowQuery.TryParse(text, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_printed_can_be_asked()
    {
        var flow = new FlowKey(IpProtocol.Tcp, InetAddress.Parse("2001:db8::1"), 7000, InetAddress.Parse("2001:db8::2"), 40000);

        Assert.True(FlowQuery.TryParse(flow.ToString(), out var query, out _));
        Assert.True(query.Matches(flow));
        Assert.False(query.Matches(flow with { RemotePort = 40001 }));
    }
}
