using CsCheck;
using Latchkey.Linux.Native;
using Latchkey.Linux.Netlink;
using Xunit;

namespace Latchkey.Linux.Tests;

public sealed class NetlinkReaderTests
{
    [Fact]
    public void Any_octets_are_walked_to_an_end_without_reading_beyond_it() =>
        Gen.Byte.Array[0, 200].Sample(octets =>
        {
            var walked = 0;
            var messages = new MessageReader(octets);
            while (messages.TryNext(out _, out var body))
            {
                walked += NetlinkHeader.Size + body.Length;
                var attributes = new AttributeReader(body);
                var inside = 0;
                while (attributes.TryNext(out _, out var value))
                {
                    inside += 4 + value.Length;
                }

                Assert.True(inside <= body.Length);
            }

            Assert.True(walked <= octets.Length);
        });

    [Fact]
    public void What_was_built_is_read_back() =>
        Gen.Select(Gen.UShort[1, 0x3fff], Gen.Byte.Array[0, 50]).Array[0, 10].Sample(attributes =>
        {
            var builder = MessageBuilder.Request(Rtnetlink.GetLink, 0, new LinkMessage { Index = 7 });
            foreach (var (type, value) in attributes)
            {
                builder.Put(type, value);
            }

            var messages = new MessageReader(builder.Finish(9));
            Assert.True(messages.TryNext(out var header, out var body));
            Assert.Equal(9u, header.Sequence);
            Assert.True(AttributeReader.TrySplit<LinkMessage>(body, out var link, out var reader));
            Assert.Equal(7, link.Index);
            foreach (var (type, value) in attributes)
            {
                Assert.True(reader.TryNext(out var readType, out var readValue));
                Assert.Equal(type, readType);
                Assert.Equal(value, readValue.ToArray());
            }

            Assert.False(reader.TryNext(out _, out _));
            Assert.False(messages.TryNext(out _, out _));
        });
}
