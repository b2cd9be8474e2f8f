using CsCheck;
using Latchkey.Wire;
using Xunit;
using static Latchkey.Latching.Tests.TestPolicy;

namespace Latchkey.Latching.Tests.Latches;

/// <summary>Random histories of operations against a plain list that is searched from end to end.</summary>
public class LatchDatabaseModelTests
{
    private static readonly InetAddress[] Remotes = [C, D];
    private static readonly string[] Keys = ["C", "D", "E"];
    private static readonly ProtectEntry Web = Entry("web", TrustLevel.Anyone, 7000);

    private sealed record Operation(int Kind, int Remote, int Port, int Key);

    private static readonly Gen<Operation[]> Histories =
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 1], Gen.Int[0, 7], Gen.Int[0, 2], (kind, remote, port, key) => new Operation(kind, remote, port, key)).Array[1, 200];

    [Fact]
    public void Indexes_agree_with_a_plain_list_after_every_operation() => Histories.Sample(
        history =>
        {
            var latches = new LatchDatabase();
            var channels = new ChannelTable();
            var model = new List<Latch>();
            var now = TimeSpan.Zero;
            foreach (var operation in history)
            {
                now += TimeSpan.FromMilliseconds(1);
                Apply(now, operation, latches, channels, model);
                Agree(latches, channels, model);
            }
        },
        iter: 300);

    private static void Apply(TimeSpan now, Operation operation, LatchDatabase latches, ChannelTable channels, List<Latch> model)
    {
        var flow = Flow(7000, Remotes[operation.Remote], (ushort)(40000 + operation.Port));
        var channel = channels.For(Parameters(flow.Remote, Keys[operation.Key]));
        var latch = latches.Find(flow);
        switch (operation.Kind)
        {
            case 0 when latch is null:
                model.Add(latches.CreateLarval(now, flow, Web));
                break;
            case 1 when latch is null:
                model.Add(latches.CreateEstablished(now, flow, Web, channel));
                break;
            case 2 when latch is { State: LatchState.Larval }:
                latches.Establish(now, latch, channel);
                break;
            case 3 when latch is { State: LatchState.Established }:
                latch.Break(now, BreakReason.PeerReplaced);
                break;
            case 4 when latch is { State: LatchState.Broken, IsBeyondRepair: false }:
                latch.Restore(now);
                break;
            case 5:
                latch?.Close(now, ClosedReason.Administrative);
                break;
            case 6 when latch is not null:
                model.Remove(latch);
                var unheld = latches.Release(now, latch);
                Assert.Equal(unheld, latch.Channel is { } held && model.All(l => l.Channel != held) ? held : null);
                break;
        }
    }

    private static void Agree(LatchDatabase latches, ChannelTable channels, List<Latch> model)
    {
        Assert.Equal(model.Count, latches.Count);
        foreach (var remote in Remotes)
        {
            var pair = new AddressPair(W, remote);
            Assert.Equal(model.Where(l => l.Flow.Remote == remote).ToHashSet(), latches.Between(pair).ToHashSet());
            foreach (var key in Keys)
            {
                var parameters = Parameters(remote, key);
                Assert.Equal(model.Where(l => l.Channel?.Parameters == parameters).ToHashSet(), latches.On(channels.For(parameters)).ToHashSet());

                // C1, C2: what a Child SA for the lower half of the ports would conflict with.
                var selectors = SelectorSet.Of(
                    TrafficSelector.For(InetPrefix.Of(W), (byte)IpProtocol.Tcp, 7000, 7000),
                    TrafficSelector.For(InetPrefix.Of(remote), (byte)IpProtocol.Tcp, 40000, 40003));
                Assert.Equal(
                    model.Where(l => l.Flow.Remote == remote && l.Flow.RemotePort <= 40003 && l.Conducts && l.Channel!.Parameters != parameters).ToHashSet(),
                    latches.FindConflicts(pair, selectors, parameters).ToHashSet());
            }
        }

        Assert.All(model, l => Assert.Same(l, latches.Find(l.Flow)));
        Assert.All(model, l => Assert.Same(l, latches.Find(l.Id)));
    }
}
