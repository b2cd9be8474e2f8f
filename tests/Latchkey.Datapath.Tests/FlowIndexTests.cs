using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>The index of flows against a dictionary of the runtime.</summary>
public class FlowIndexTests
{
    private const int Keys = 300;
    private const int Batch = 12;

    /// <summary>The table is so small, and the flows come and go so often, that probes meet, wrap around and close gaps.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(40)]
    [InlineData(Keys)]
    public void It_holds_what_a_dictionary_holds(int different)
    {
        var random = new Random(different);
        var (index, model) = (new FlowIndex(), new Dictionary<FlowKey, Flow>());
        var lookups = new FlowLookups(index, Batch);
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
            Compare(index, lookups, model, random);
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

    private static void Compare(FlowIndex index, FlowLookups lookups, Dictionary<FlowKey, Flow> model, Random random)
    {
        // A batch as packets come: runs of one flow, unknown flows, and the key of what is no plain packet.
        lookups.Clear();
        for (var i = random.Next(Batch + 1); i > 0; i--)
        {
            lookups.Add(random.Next(4) switch
            {
                0 when lookups.Count > 0 => lookups.KeyOf(lookups.Count - 1),
                1 => default,
                _ => Key(random.Next(2 * Keys)),
            });
        }

        lookups.Find();
        for (var i = 0; i < lookups.Count; i++)
        {
            var key = lookups.KeyOf(i);
            var expected = model.GetValueOrDefault(key);
            Assert.Same(expected, lookups[i]);
            Assert.Same(expected, index.Find(key));
        }
    }

    private static FlowKey Key(int n) => new(IpProtocol.Tcp, InetAddress.FromV4(0x0a00_0001), (ushort)n, InetAddress.FromV4(0x0a00_0002), 5000);
}
