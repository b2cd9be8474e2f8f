using CsCheck;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Wire.Tests.Ike;

public class IkeMessageTests
{
    [Fact]
    public void What_is_written_is_read_again() => IkeGen.Message.Sample(
        message =>
        {
            var octets = message.ToBytes();
            Assert.True(IkeMessage.TryRead(octets, out var read, out var error), error.ToString());
            Assert.Equal(IkeText.Of(message), IkeText.Of(read));
            Assert.Equal(octets, read.ToBytes());
            Assert.Equal((uint)octets.Length, read.Header.Length);
        },
        iter: 3000);

    [Fact]
    public void Random_octets_never_throw() => Gen.Byte.Array[0, 300].Sample(
        octets => { IkeMessage.TryRead(octets, out _, out _); }, iter: 20_000);

    [Fact]
    public void A_mutated_message_is_read_or_refused_inside_its_bounds() => Gen.Select(IkeGen.Message, Gen.Select(Gen.Int[0, 100_000], Gen.Byte).Array[1, 4]).Sample(
        (message, mutations) =>
        {
            var octets = message.ToBytes();
            foreach (var (at, value) in mutations)
            {
                octets[at % octets.Length] = value;
            }

            if (IkeMessage.TryRead(octets, out var read, out var error))
            {
                Assert.True(read.Payloads.Length <= IkeLimits.Payloads);
            }
            else
            {
                Assert.InRange(error.Offset, 0, octets.Length);
                Assert.NotEmpty(error.What);
            }
        },
        iter: 10_000);

    [Fact]
    public void A_truncated_message_is_always_refused() => Gen.Select(IkeGen.Message, Gen.Int[0, 100_000]).Sample(
        (message, at) =>
        {
            var octets = message.ToBytes();
            Assert.False(IkeMessage.TryRead(octets.AsSpan(0, at % octets.Length), out _, out _));
        },
        iter: 3000);

    [Fact]
    public void A_truncated_payload_is_refused_with_the_place_and_what_was_missing()
    {
        var octets = Plain(new KeyExchangePayload(31, new byte[32])).ToBytes();
        // The payload says three octets more than the message has.
        octets[31] += 3;
        Assert.False(IkeMessage.TryRead(octets, out _, out var error));
        Assert.Equal(new IkeParseError("KE", 32, 39, 36), error);
        Assert.Equal("KE at octet 32: wanted 39, found 36", error.ToString());
    }

    [Fact]
    public void Octets_behind_the_last_payload_are_refused()
    {
        byte[] octets = [.. Plain(new VendorIdPayload([1, 2, 3])).ToBytes(), 0];
        octets[27]++;
        Assert.False(IkeMessage.TryRead(octets, out _, out var error));
        Assert.Equal(new IkeParseError("octets behind the last payload", 35, 0, 1), error);
    }

    [Fact]
    public void The_length_field_must_be_the_datagrams_length()
    {
        var octets = Plain(new VendorIdPayload([1])).ToBytes();
        Assert.False(IkeMessage.TryRead([.. octets, 0], out _, out var error));
        Assert.Equal("message length", error.What);
    }

    [Theory]
    [InlineData(15)]
    [InlineData(257)]
    public void A_nonce_has_16_to_256_octets(int length) =>
        Assert.False(IkeMessage.TryRead(Plain(new NoncePayload(new byte[length])).ToBytes(), out _, out _));

    [Fact]
    public void Too_many_payloads_are_refused()
    {
        IkePayload[] many = [.. Enumerable.Repeat(new VendorIdPayload([]), IkeLimits.Payloads + 1)];
        Assert.True(IkeMessage.TryRead(Plain(many[1..]).ToBytes(), out _, out _));
        Assert.False(IkeMessage.TryRead(Plain(many).ToBytes(), out _, out var error));
        Assert.Equal("payloads", error.What);
    }

    [Fact]
    public void Too_many_proposals_transforms_or_attributes_are_refused()
    {
        var attribute = TransformAttribute.OfKeyLength(256);
        var transform = Transform.Of(TransformType.Prf, 5);
        var proposal = new Proposal(1, IkeProtocol.Ike, [], [transform]);
        SaPayload[] excessive =
        [
            new([.. Enumerable.Repeat(proposal, IkeLimits.Proposals + 1)]),
            new([proposal with { Transforms = [.. Enumerable.Repeat(transform, IkeLimits.Transforms + 1)] }]),
            new([proposal with { Transforms = [transform with { Attributes = [.. Enumerable.Repeat(attribute, IkeLimits.Attributes + 1)] }] }]),
        ];
        Assert.All(excessive, sa => Assert.False(IkeMessage.TryRead(Plain(sa).ToBytes(), out _, out _)));
    }

    [Fact]
    public void A_Delete_counts_its_SPIs_exactly()
    {
        var octets = Plain(DeletePayload.Esp(1, 2, 3)).ToBytes();
        octets[28 + 4 + 3] = 2;
        Assert.False(IkeMessage.TryRead(octets, out _, out var error));
        Assert.Equal(new IkeParseError("deleted SPIs", 36, 8, 12), error);
    }

    [Fact]
    public void Selectors_of_an_unknown_type_are_left_out()
    {
        var known = TrafficSelector.For(InetPrefix.Of(InetAddress.Parse("192.0.2.1")), 6);
        var octets = Plain(new TrafficSelectorPayload(true, [known, known])).ToBytes();
        // TS_SECLABEL (RFC 9478) in place of the first.
        octets[28 + 4 + 4] = 10;
        Assert.True(IkeMessage.TryRead(octets, out var message, out _));
        Assert.Equal([known], Assert.IsType<TrafficSelectorPayload>(Assert.Single(message.Payloads)).Selectors);
    }

    [Fact]
    public void The_encrypted_payload_is_last_and_knows_where_its_body_begins()
    {
        var octets = Plain(new VendorIdPayload([7]), new EncryptedPayload(PayloadType.Nonce, [1, 2, 3, 4], 0)).ToBytes();
        Assert.True(IkeMessage.TryRead(octets, out var message, out _));
        var encrypted = message.Encrypted!;
        Assert.Equal((PayloadType.Nonce, octets.Length - 4), (encrypted.FirstInner, encrypted.Offset));
    }

    [Fact]
    public void An_unknown_attribute_or_a_second_one_makes_a_transform_unfit()
    {
        Assert.False(Transform.Of(TransformType.Encryption, 20, 256).HasUnknownAttributes);
        Assert.True(new Transform(TransformType.Encryption, 20, [new TransformAttribute(15, 1, null)]).HasUnknownAttributes);
        Assert.True(new Transform(TransformType.Encryption, 20, [TransformAttribute.OfKeyLength(256), TransformAttribute.OfKeyLength(128)]).HasUnknownAttributes);
    }

    private static IkeMessage Plain(params IkePayload[] payloads) =>
        new(IkeHeader.ForRequest(1, 2, ExchangeType.Informational, fromInitiator: true, messageId: 3), [.. payloads]);
}
