using Latchkey.Crypto;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>IKE messages in fragments (RFC 7383). An ID of thousands of octets makes IKE_AUTH long.</summary>
public class FragmentationTests
{
    private const int Longest = 1280 - 40 - 8 - 4;

    [Fact]
    public void A_long_message_travels_in_fragments_that_every_path_carries()
    {
        using var pair = LongWinded();
        pair.Establish();

        Assert.All(pair.Wire.Sent, flight => Assert.InRange(flight.Message.Length, 1, Longest));
        // Two messages of five thousand octets, and IKE_SA_INIT.
        Assert.Equal(2 + 5 + 5, pair.Wire.Sent.Count);
        Assert.Equal(pair.A.Only<IkeSaEstablished>().AuthDigest.ToArray(), pair.B.Only<IkeSaEstablished>().AuthDigest.ToArray());
        Assert.Equal(5000, pair.B.Only<AuthorizePeer>().Id.Data.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Fragments_may_be_lost_doubled_and_overtaken(int seed)
    {
        using var pair = LongWinded(seed);
        pair.EstablishOverABadWire();
    }

    [Fact]
    public void A_repeated_request_is_answered_once_however_many_fragments_it_has()
    {
        using var pair = LongWinded();
        var lost = 0;
        pair.Wire.Tap = flight => flight.From.Address == pair.B.Address && IsFragment(flight.Message) && lost++ < 5 ? null : flight;
        pair.A.Initiate(pair.B);
        pair.Run(30);

        Assert.Single(pair.A.Said<IkeSaEstablished>());
        var requests = pair.Wire.Sent.Count(f => f.From.Address == pair.A.Address && IsFragment(f.Message));
        Assert.Equal(requests, pair.Wire.Sent.Count(f => f.From.Address == pair.B.Address && IsFragment(f.Message)));
    }

    [Fact]
    public void A_peer_that_does_not_say_that_it_understands_fragments_gets_the_message_whole()
    {
        using var pair = LongWinded();
        pair.Wire.Tap = flight => flight with { Message = WithoutSupport(flight.Message) };
        pair.A.Initiate(pair.B);
        pair.Run();
        var auth = pair.Wire.Sent.First(f => f.From.Address == pair.A.Address && f.Message[17] != 0 && IkeMessage.TryRead(f.Message, out var m, out _) && m.Encrypted is not null);
        Assert.False(IsFragment(auth.Message));
        Assert.InRange(auth.Message.Length, 5000, 6000);
    }

    [Fact]
    public void Fragments_beyond_what_a_message_may_hold_are_not_kept()
    {
        var assembly = new MessageAssembly();
        Assert.Null(assembly.Add(1, Part(1, 65), new byte[10]));
        Assert.Null(assembly.Add(2, Part(1, 2), new byte[IkeLimits.Assembled]));
        Assert.Null(assembly.Add(2, Part(2, 2), new byte[1]));
        Assert.Null(assembly.Add(3, Part(2, 2), [2]));
        Assert.Equal([1, 2], assembly.Add(3, Part(1, 2), [1])?.Text);
    }

    [Fact]
    public void A_message_that_was_cut_anew_begins_anew()
    {
        var assembly = new MessageAssembly();
        Assert.Null(assembly.Add(1, Part(1, 2), [1]));
        Assert.Null(assembly.Add(1, Part(1, 3), [7]));
        Assert.Null(assembly.Add(1, Part(2, 2), [2]));
        Assert.Null(assembly.Add(1, Part(2, 3), [8]));
        Assert.Equal([7, 8, 9], assembly.Add(1, Part(3, 3), [9])?.Text);
    }

    private static EncryptedPayload Part(ushort number, ushort total) => new(PayloadType.Notify, [], 0, new FragmentNumber(number, total));

    private static Pair LongWinded(int seed = 1)
    {
        var pair = new Pair(seed: seed);
        foreach (var (side, fill) in new[] { (pair.A, (byte)1), (pair.B, (byte)2) })
        {
            var id = new IkeIdentification(IdType.KeyId, Enumerable.Repeat(fill, 5000).ToArray());
            var secret = new SecretBytes("a secret of both"u8);
            side.Policy.Credentials = new PeerCredentials("peer", new PeerProof.SharedKey(secret), new OwnProof.SharedKey(secret)) { OurId = id };
        }

        return pair;
    }

    private static bool IsFragment(byte[] message) => IkeMessage.TryRead(message, out var read, out _) && read.Encrypted?.Fragment is not null;

    /// <summary>Another notify in its place.</summary>
    private static byte[] WithoutSupport(byte[] message)
    {
        byte[] changed = [.. message];
        ReadOnlySpan<byte> notify = [0, 8, 0, 0, (byte)((int)NotifyType.IkeV2FragmentationSupported >> 8), (byte)((int)NotifyType.IkeV2FragmentationSupported & 0xff)];
        var at = changed.AsSpan().IndexOf(notify);
        if (at >= 0)
        {
            changed[at + 5] = 0xff;
        }

        return changed;
    }
}
