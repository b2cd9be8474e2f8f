using CsCheck;
using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

public class FragmentTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fragments_in_any_order_are_put_together_and_protected_as_one(bool v6)
    {
        Gen.Int[1, 9000].Select(Gen.Int[1, 180].Select(i => i * 8), Gen.Int[0, 1000]).Sample(
            (payload, size, seed) =>
            {
                using var pair = new Pair(v6);
                var packet = Packets.Udp(pair.Udp, payload);
                // No more pieces than the 64 packets of one batch of the double.
                var pieces = Packets.Fragment(packet, Math.Max(size, ((payload / 40 / 8) + 1) * 8));
                new Random(seed).Shuffle(pieces);
                pair.C.Send(pieces);
                if (pieces.Length > 1)
                {
                    Assert.True(pair.C.Udp.TakeSent() is [{ MayFragment: true } whole] && Arrives(pair, whole.Octets, packet));
                }
            },
            iter: 50);

        static bool Arrives(Pair pair, byte[] octets, byte[] packet)
        {
            pair.W.Receive(octets, pair.C.Address);
            return Packets.Essence(pair.W.Delivered().Single()) == Packets.Essence(packet);
        }
    }

    [Fact]
    public void Overlapping_fragments_void_their_datagram()
    {
        using var pair = new Pair();
        var pieces = Packets.Fragment(Packets.Udp(pair.Udp, 300), 160);
        pair.C.Send(pieces[0], pieces[0], pieces[1]);
        Assert.Empty(pair.C.Udp.TakeSent());
        Assert.Equal(1, pair.C.Drops(DropReason.FragmentIncomplete));
    }

    [Fact]
    public void A_datagram_that_is_never_whole_is_given_up()
    {
        using var pair = new Pair();
        pair.C.Send(Packets.Fragment(Packets.Udp(pair.Udp, 300), 160)[0]);
        pair.C.Pass(2000);
        Assert.Equal(1, pair.C.Drops(DropReason.FragmentIncomplete));
    }
}
