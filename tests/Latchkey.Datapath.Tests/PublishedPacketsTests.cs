using System.Buffers.Binary;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Vectors;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>Whole ESP packets of the standards go through the datapath's own SAs.</summary>
public class PublishedPacketsTests
{
    public static TheoryData<Vector> AesGcm => VectorFile.Read("draft-mcgrew-gcm-test-esp.txt");

    public static TheoryData<Vector> ChaCha20Poly1305 => VectorFile.Read("rfc7634-chacha20-poly1305.txt");

    [Theory, MemberData(nameof(AesGcm))]
    public void A_published_AES_GCM_packet_is_opened_and_a_changed_one_is_not(Vector v)
    {
        var material = v.Octets("KeyMaterial");
        var esn = v.Has("SequenceHigh");
        var high = esn ? BinaryPrimitives.ReadUInt32BigEndian(v.Octets("SequenceHigh")) : 0;
        var sequence = ((ulong)high << 32) | BinaryPrimitives.ReadUInt32BigEndian(v.Octets("SequenceLow"));
        Opens(Algorithms.FindAead(20, (material.Length - 4) * 8)!, material, v.Octets("Packet"), v.Octets("Plaintext"), esn, sequence);
    }

    [Fact]
    public void The_published_ChaCha20_Poly1305_packet_is_opened_and_a_changed_one_is_not()
    {
        var v = ChaCha20Poly1305.Select(row => row.Data).Single(v => v.Text("Name") == "ESP");
        Opens(Algorithms.FindAead(28, null)!, v.Octets("KeyMaterial"), v.Octets("Packet")[int.Parse(v.Text("HeaderLength"))..], v.Octets("Plaintext"), esn: false, 5);
    }

    private static void Opens(AeadAlgorithm algorithm, byte[] material, byte[] packet, byte[] plaintext, bool esn, ulong sequence)
    {
        byte[] changed = [.. packet], again = [.. packet];
        changed[^1] ^= 1;
        using var sa = Inbound(algorithm, material, BinaryPrimitives.ReadUInt32BigEndian(packet), esn);
        sa.Window = new ReplayWindow(esn, sequence - 1);
        Assert.Equal(DropReason.IntegrityFailed, sa.Open(changed, out _, out _));

        var failure = sa.Open(packet, out var length, out var next);
        Assert.Null(failure);
        Assert.True(EspTrailer.TryRead(plaintext, out var expected));
        Assert.Equal(plaintext[..expected.PayloadLength], packet.AsSpan(sa.HeaderLength, length).ToArray());
        Assert.Equal(expected.NextHeader, next);
        Assert.Equal(DropReason.Replayed, sa.Open(again, out _, out _));
    }

    private static InboundSa Inbound(AeadAlgorithm algorithm, byte[] material, uint spi, bool esn)
    {
        var end = new InetEndpoint(InetAddress.Parse("192.0.2.1"), 4500);
        var channel = new ChannelId(1);
        return new InboundSa(new EspSa(SaDirection.Inbound, spi, channel, algorithm, new SecretBytes(material), esn, new SelectorSet([], []), end, end, Encapsulation.Udp), new Channel(channel));
    }
}
