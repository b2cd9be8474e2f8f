using Latchkey.Crypto;
using Latchkey.Vectors;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>The whole IKE message that a standard gives.</summary>
public class PublishedMessageTests
{
    [Fact]
    public void The_INFORMATIONAL_request_of_RFC_7634_is_opened_and_a_changed_one_is_not()
    {
        var v = VectorFile.Read("rfc7634-chacha20-poly1305.txt").Select(row => row.Data).Single(v => v.Text("Name") == "IKE");
        using SecretBytes sealKey = new(v.Octets("KeyMaterial")), openKey = new(v.Octets("KeyMaterial"));
        using var cipher = new MessageCipher(Algorithms.FindAead(28, null)!, sealKey, openKey);
        var packet = v.Octets("Packet");
        Assert.True(IkeMessage.TryRead(packet, out var message, out _));
        Assert.Equal(ExchangeType.Informational, message.Header.Exchange);

        Assert.True(cipher.TryOpen(packet, message.Encrypted!, out var inner));
        Assert.Equal(v.Octets("Plaintext")[..^1], inner);
        Assert.True(PayloadChain.TryRead(message.Encrypted!.FirstInner, inner, 0, out var payloads, out _));
        Assert.Equal(NotifyType.SetWindowSize, Assert.IsType<NotifyPayload>(Assert.Single(payloads)).Notify);

        packet[20] ^= 1;
        Assert.True(IkeMessage.TryRead(packet, out message, out _));
        Assert.False(cipher.TryOpen(packet, message.Encrypted!, out _));
    }
}
