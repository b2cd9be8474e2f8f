using CsCheck;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>On any network, whatever both sides do: everything ends established alike or closed with a reason, and nothing leaks.</summary>
public class ChaosTests
{
    [Fact]
    public void Setup_over_a_bad_network_ends_established_or_explained()
    {
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Double[0, 0.5], Gen.Double[0, 0.5], Gen.Double[0, 0.2], Gen.Bool).Sample(
            (seed, loss, duplication, corruption, together) =>
            {
                using var pair = Chaotic(seed, loss, duplication, corruption);
                pair.A.Initiate(pair.B);
                if (together)
                {
                    pair.B.Initiate(pair.A);
                }

                pair.Run(300);
                Calm(pair);
                AssertExplained(pair);
            },
            iter: 150);
    }

    [Fact]
    public void Rekeys_deletes_and_new_children_over_a_bad_network_leave_both_sides_alike()
    {
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Double[0, 0.35], Gen.Double[0, 0.4], Gen.Double[0, 0.1], Gen.Int[0, 7].Array[1, 14]).Sample(
            (seed, loss, duplication, corruption, commands) =>
            {
                using var pair = Chaotic(seed, 0, 0, 0);
                var (a, b) = pair.Establish();
                (pair.Wire.Loss, pair.Wire.Duplication, pair.Wire.Corruption) = (loss, duplication, corruption);
                foreach (var command in commands)
                {
                    Command(pair, command, a, b);
                    pair.Run(TimeSpan.FromMilliseconds(pair.Random.Next(40)));
                }

                Calm(pair);
                AssertExplained(pair);
                RekeyTests.AssertAgree(pair);
            },
            iter: 300);
    }

    private static void Command(Pair pair, int command, IkeSaHandle a, IkeSaHandle b)
    {
        var (self, peer, sa) = command % 2 == 0 ? (pair.A, pair.B, a) : (pair.B, pair.A, b);
        var child = self.Children.Keys.OrderBy(c => c.Value).LastOrDefault();
        switch (command / 2)
        {
            case 0:
                self.Do(host => host.RekeyIkeSa(pair.Now, sa));
                break;
            case 1:
                self.Do(host => host.RekeyChild(pair.Now, child));
                break;
            case 2:
                self.Do(host => host.CreateChild(pair.Now, sa, new ChildProposal(Pair.SelectorsBetween(self, peer))));
                break;
            case 3:
                self.Do(host => host.DeleteChild(pair.Now, child, CloseReason.DeletedLocally, ""));
                break;
        }
    }

    private static Pair Chaotic(int seed, double loss, double duplication, double corruption)
    {
        var pair = new Pair(seed: seed);
        (pair.Wire.Loss, pair.Wire.Duplication, pair.Wire.Corruption) = (loss, duplication, corruption);
        pair.Wire.Jitter = TimeSpan.FromMilliseconds(30);
        return pair;
    }

    /// <summary>The network recovers, both sides ask whether the other lives, and all that is over comes to its end.</summary>
    private static void Calm(Pair pair)
    {
        (pair.Wire.Loss, pair.Wire.Duplication, pair.Wire.Corruption) = (0, 0, 0);
        pair.Run(150);
        foreach (var side in new[] { pair.A, pair.B })
        {
            foreach (var sa in side.Host.Sas.ToList())
            {
                side.Do(host => host.Probe(pair.Now, sa.Sa));
            }
        }

        pair.Run(150);
    }

    private static void AssertExplained(Pair pair)
    {
        foreach (var side in new[] { pair.A, pair.B })
        {
            Assert.Equal(0, side.Host.HalfOpenCount);
            Assert.All(side.Host.Sas, sa => Assert.Equal(IkeSaState.Established, sa.State));

            var closed = side.Said<IkeSaClosed>().Select(c => c.Sa).ToList();
            Assert.Equal(closed.Count, closed.Distinct().Count());
            var known = side.Said<IkeSaEstablished>().Select(e => e.Sa).Except(closed).Order(Comparer<IkeSaHandle>.Create((x, y) => x.Value.CompareTo(y.Value)));
            Assert.Equal(known, side.Host.Sas.Select(s => s.Sa));

            var settled = side.Said<ChildEstablished>().Where(c => c.Request is not null).Select(c => c.Request!.Value)
                .Concat(side.Said<ChildFailed>().Select(f => f.Request)).ToList();
            Assert.Equal(settled.Count, settled.Distinct().Count());
            Assert.Equal(side.Children.Keys.Order(Comparer<ChildSaHandle>.Create((x, y) => x.Value.CompareTo(y.Value))), side.Host.Sas.SelectMany(s => s.Children).Select(c => c.Child).OrderBy(c => c.Value));
        }

        Assert.Equal(
            pair.A.Host.Sas.Select(s => (s.SpiI, s.SpiR)).Order(), pair.B.Host.Sas.Select(s => (s.SpiI, s.SpiR)).Order());
    }
}
