using System.Formats.Asn1;
using System.Text;
using Latchkey.Crypto;
using Xunit;

namespace Latchkey.Latching.Tests.Channels;

public sealed class ChannelBindingsTests : IDisposable
{
    private readonly SigningKey _one = SigningKey.Generate(SystemRandom.Instance);
    private readonly SigningKey _other = SigningKey.Generate(SystemRandom.Instance);

    public void Dispose()
    {
        _one.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void L48_The_end_point_form_is_the_same_whoever_writes_it()
    {
        var (a, b) = (_one.Public, _other.Public);

        Assert.Equal(ChannelBindings.EndPoint(a, b), ChannelBindings.EndPoint(b, a));
    }

    [Fact]
    public void L48_The_end_point_form_is_its_prefix_and_the_two_keys_and_nothing_else()
    {
        var binding = ChannelBindings.EndPoint(_one.Public, _other.Public);
        var prefix = Encoding.ASCII.GetBytes("x-latchkey-ipsec-end-point:");

        Assert.Equal(prefix, binding[..prefix.Length]);
        var keys = new AsnReader(binding.AsMemory(prefix.Length), AsnEncodingRules.DER);
        var read = new[] { keys.ReadEncodedValue().ToArray(), keys.ReadEncodedValue().ToArray() };
        Assert.False(keys.HasData);
        Assert.Equal(
            new[] { _one.Public, _other.Public }.Select(k => Convert.ToHexString(k.SubjectPublicKeyInfo)).Order(), read.Select(Convert.ToHexString));
    }

    [Fact]
    public void L48_Another_key_at_either_end_gives_another_binding()
    {
        using var attacker = SigningKey.Generate(SystemRandom.Instance);
        var honest = ChannelBindings.EndPoint(_one.Public, _other.Public);

        Assert.NotEqual(honest, ChannelBindings.EndPoint(_one.Public, attacker.Public));
        Assert.NotEqual(honest, ChannelBindings.EndPoint(attacker.Public, _other.Public));
        Assert.NotEqual(ChannelBindings.EndPoint(_one.Public, attacker.Public), ChannelBindings.EndPoint(attacker.Public, _other.Public));
    }

    [Fact]
    public void L48_The_unique_form_is_its_prefix_and_the_digest()
    {
        byte[] digest = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

        Assert.Equal([.. "x-latchkey-ipsec-unique:"u8, .. digest], ChannelBindings.Unique(digest));
    }
}
