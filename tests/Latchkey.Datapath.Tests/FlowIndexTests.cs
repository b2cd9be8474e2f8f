using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>The index of flows against a dictionary of the runtime.</summary>
public class FlowIndexTests
{
    private const int Keys = 300;

    /// <summary>The table is so small, and the flows come and go so often, that probes meet, wrap around and close gaps.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(40)]
    [InlineData(Keys)]
    public void It_holds_what_a_dictionary_holds(int different)
    {
        var random = new Random(different);
        var (index, model) = (new FlowIndex(), new Dictionary<FlowKey, Flow>());
        for (var step = 0; step < 20_000; step++)
        {
            var key = Key(random.Next(different));
            if (model.Remove(key, out var flow))
            {
                Assert.True(index.Remove(flow));
                Assert.False(index.Remove(flow));
            }
            else
            {
                model.Add(key, flow = new Flow(key));
                index.Add(flow);
            }

            Assert.Equal(model.Count, index.Count);
            Compare(index, model, random);
        }

        Assert.Equal(model.Values.ToHashSet(), index.All.ToHashSet());
    }

    [Fact]
    public void A_flow_that_was_never_added_is_not_removed()
    {
        var index = new FlowIndex();
        index.Add(new Flow(Key(1)));

        Assert.False(index.Remove(new Flow(Key(1))));
        Assert.Equal(1, index.Count);
    }

    [Fact]
    public void Keys_that_differ_in_one_field_are_different_flows()
    {
        var (here, there) = (InetAddress.Parse("2001:db8::1"), InetAddress.Parse("2001:db8::2"));
        FlowKey[] keys =
        [
            new(IpProtocol.Tcp, here, 1, there, 2),
            new(IpProtocol.Udp, here, 1, there, 2),
            new(IpProtocol.Tcp, there, 1, there, 2),
            new(IpProtocol.Tcp, here, 2, there, 2),
            new(IpProtocol.Tcp, here, 1, here, 2),
            new(IpProtocol.Tcp, here, 1, there, 1),
            new(IpProtocol.Tcp, InetAddress.FromV4(1), 1, there, 2),
            new(IpProtocol.Tcp, here, 1, InetAddress.FromV4(2), 2),
        ];
        var index = new FlowIndex();
        foreach (var key in keys)
        {
            Assert.Null(index.Find(key));
            index.Add(new Flow(key));
        }

        Assert.All(keys, key => Assert.Equal(key, index.Find(key)!.Key));
    }

    private static void Compare(FlowIndex index, Dictionary<FlowKey, Flow> model, Random random)
    {
        // A batch as packets come: runs of one flow, unknown flows, and the key of what is no plain packet.
        var lookups = new FlowLookup[random.Next(9)];
        for (var i = 0; i < lookups.Length; i++)
        {
            lookups[i].Flow = new Flow(default); // of the batch before
            lookups[i].Key = random.Next(4) switch
            {
                0 when i > 0 => lookups[i - 1].Key,
                1 => default,
                _ => Key(random.Next(2 * Keys)),
            };
        }

        index.FindAll(lookups);
        Assert.All(lookups, lookup =>
        {
            var expected = model.GetValueOrDefault(lookup.Key);
            Assert.Same(expected, lookup.Flow);
            Assert.Same(expected, index.Find(lookup.Key));
        });
    }

    private static FlowKey Key(int n) => new(IpProtocol.Tcp, InetAddress.FromV4(0x0a00_0001), (ushort)n, InetAddress.FromV4(0x0a00_0002), 5000);
}
