using System.Net;
using CsCheck;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Latching.Tests;

public sealed class InetAddressProperties
{
    [Fact]
    public void Bytes_text_and_IPAddress_all_come_back_as_the_same_address() =>
        Generators.WideAddress.Sample(address =>
        {
            Assert.Equal(address, InetAddress.FromBytes(address.ToBytes()));
            Assert.Equal(address, InetAddress.Parse(address.ToString()));
            Assert.Equal(address, InetAddress.From(address.ToIPAddress()));
            Assert.Equal(address.Length, address.ToBytes().Length);
        });

    [Fact]
    public void The_order_is_that_of_the_octets_with_every_IPv4_address_first() =>
        Gen.Select(Generators.WideAddress, Generators.WideAddress).Sample((a, b) =>
        {
            var expected = a.Length != b.Length
                ? a.Length.CompareTo(b.Length)
                : Math.Sign(a.ToBytes().AsSpan().SequenceCompareTo(b.ToBytes()));
            Assert.Equal(expected, Math.Sign(a.CompareTo(b)));
            Assert.Equal(expected < 0, a < b);
            Assert.Equal(expected >= 0, a >= b);
            Assert.Equal(expected == 0, a == b);
        });

    [Fact]
    public void A_mapped_IPv4_address_is_not_the_IPv4_address() =>
        Assert.NotEqual(InetAddress.Parse("192.0.2.1"), InetAddress.From(IPAddress.Parse("::ffff:192.0.2.1")));

    [Theory]
    [InlineData("1")]
    [InlineData("1.2.3")]
    [InlineData("0x7f.1")]
    [InlineData("192.0.2.256")]
    [InlineData("192.0.2.1/24")]
    [InlineData("fe80::1%eth0")]
    [InlineData("")]
    [InlineData(null)]
    public void What_is_not_a_whole_address_is_refused(string? text) => Assert.False(InetAddress.TryParse(text, out _));
}
