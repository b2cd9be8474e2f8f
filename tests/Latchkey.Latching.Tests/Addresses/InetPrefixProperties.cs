using CsCheck;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Latching.Tests;

public sealed class InetPrefixProperties
{
    [Fact]
    public void A_prefix_contains_what_lies_between_its_ends() =>
        Gen.Select(Generators.Prefix, Generators.Address).Sample((prefix, address) =>
            Assert.Equal(
                address.IsV4 == prefix.Address.IsV4 && address >= prefix.Start && address <= prefix.End,
                prefix.Contains(address)));

    [Fact]
    public void Two_prefixes_overlap_when_some_address_is_in_both() =>
        Gen.Select(Generators.Prefix, Generators.Prefix).Sample((a, b) =>
        {
            var common = a.Address.IsV4 == b.Address.IsV4 && a.Start <= b.End && b.Start <= a.End;
            Assert.Equal(common, a.Overlaps(b));
            Assert.Equal(common, b.Overlaps(a));
        });

    [Fact]
    public void The_text_of_a_prefix_parses_to_the_same_prefix() =>
        Generators.Prefix.Sample(prefix => Assert.Equal(prefix, InetPrefix.Parse(prefix.ToString())));

    [Fact]
    public void The_whole_address_space_is_a_prefix_of_length_0()
    {
        Assert.True(new InetPrefix(InetAddress.AnyV6, 0).Contains(InetAddress.Parse("ffff::1")));
        Assert.True(new InetPrefix(InetAddress.AnyV4, 0).Contains(InetAddress.Parse("255.255.255.255")));
        Assert.False(new InetPrefix(InetAddress.AnyV4, 0).Contains(InetAddress.Parse("::1")));
    }

    [Theory]
    [InlineData("192.0.2.1/24", "192.0.2.0/24")]
    [InlineData("2001:db8::1/64", "2001:db8::/64")]
    public void Bits_beyond_the_prefix_are_refused_and_the_network_is_named(string text, string network)
    {
        Assert.False(InetPrefix.TryParse(text, out _, out var error));
        Assert.Contains(network, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.0/33")]
    [InlineData("192.0.2.0/-1")]
    [InlineData("192.0.2.0/")]
    [InlineData("192.0.2.0/ 8")]
    [InlineData("2001:db8::/129")]
    [InlineData("example.net/24")]
    public void What_is_not_a_prefix_is_refused_with_an_explanation(string text)
    {
        Assert.False(InetPrefix.TryParse(text, out _, out var error));
        Assert.NotEmpty(error);
        Assert.Equal(error, Assert.Throws<FormatException>(() => InetPrefix.Parse(text)).Message);
    }
}
