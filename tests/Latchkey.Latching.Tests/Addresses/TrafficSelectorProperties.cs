using CsCheck;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Latching.Tests;

/// <summary>RFC 7296 §2.9: selectors are sets of packets, and their algebra is that of sets.</summary>
public sealed class TrafficSelectorProperties
{
    [Fact]
    public void The_intersection_covers_exactly_what_both_cover() =>
        Gen.Select(Generators.Selector, Generators.Selector, Generators.Address, Generators.Protocol, Generators.Port).Sample(
            (a, b, address, protocol, port) =>
            {
                var both = a.Covers(address, protocol, port) && b.Covers(address, protocol, port);
                Assert.Equal(both, a.Intersect(b)?.Covers(address, protocol, port) ?? false);
            });

    [Fact]
    public void Intersection_is_the_same_from_either_side_and_changes_nothing_when_repeated() =>
        Gen.Select(Generators.Selector, Generators.Selector).Sample((a, b) =>
        {
            Assert.Equal(a.Intersect(b), b.Intersect(a));
            Assert.Equal(a, a.Intersect(a));
            Assert.Equal(a.Intersect(b), a.Intersect(b)?.Intersect(b));
        });

    [Fact]
    public void A_selector_that_covers_another_covers_all_of_it() =>
        Gen.Select(Generators.Selector, Generators.Selector, Generators.Address, Generators.Protocol, Generators.Port).Sample(
            (a, b, address, protocol, port) =>
            {
                if (a.Covers(b) && b.Covers(address, protocol, port))
                {
                    Assert.True(a.Covers(address, protocol, port));
                }
            });

    [Fact]
    public void A_set_covers_a_flow_when_some_local_and_some_remote_selector_do() =>
        Gen.Select(Generators.Set, Generators.Flow).Sample((set, flow) =>
            Assert.Equal(
                set.Local.Any(l => l.Covers(flow.Local, flow.Protocol, flow.LocalPort))
                && set.Remote.Any(r => r.Covers(flow.Remote, flow.Protocol, flow.RemotePort)),
                set.Covers(flow)));

    [Fact]
    public void The_intersection_of_sets_covers_exactly_the_flows_both_cover() =>
        Gen.Select(Generators.Set, Generators.Set, Generators.Flow).Sample((a, b, flow) =>
            Assert.Equal(a.Covers(flow) && b.Covers(flow), a.Intersect(b).Covers(flow)));

    [Fact]
    public void A_set_that_covers_another_covers_whatever_it_consists_of() =>
        Gen.Select(Generators.Set, Generators.Set).Sample((a, b) =>
        {
            // One of the sides has a good chance to be covered, the other has not.
            foreach (var part in new[] { b, a.Intersect(b) with { Remote = b.Remote }, a.Intersect(b) with { Local = b.Local } }.Where(part => a.Covers(part)))
            {
                Assert.Equal(part.Local, part.Local.Where(selector => a.Local.Any(own => own.Intersect(selector) == selector)));
                Assert.Equal(part.Remote, part.Remote.Where(selector => a.Remote.Any(own => own.Intersect(selector) == selector)));
            }
        });

    [Fact]
    public void A_set_covers_what_it_has_in_common_with_another_and_the_other_where_that_is_all_of_it() =>
        Gen.Select(Generators.Set, Generators.Set).Sample((a, b) =>
        {
            var both = a.Intersect(b);
            Assert.True(a.Covers(both) && b.Covers(both));
            Assert.True(a.Covers(b) || both != b);
        });

    [Fact]
    public void The_intersection_of_sets_names_no_selector_twice() =>
        Gen.Select(Generators.Set, Generators.Set).Sample((a, b) =>
        {
            var both = a.Intersect(b);
            Assert.Equal(both.Local.Distinct().Count(), both.Local.Length);
            Assert.Equal(both.Remote.Distinct().Count(), both.Remote.Length);
        });

    [Fact]
    public void Equal_sets_have_equal_hashes() =>
        Generators.Set.Sample(set =>
        {
            var same = new SelectorSet([.. set.Local], [.. set.Remote]);
            Assert.Equal(set, same);
            Assert.Equal(set.GetHashCode(), same.GetHashCode());
        });
}
