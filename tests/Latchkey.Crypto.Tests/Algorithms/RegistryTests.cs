using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>Pins the IANA numbers and sizes of everything that can be negotiated.</summary>
public class RegistryTests
{
    [Theory]
    [InlineData(20, 256, "AES-GCM-16-256", 36)]
    [InlineData(20, 128, "AES-GCM-16-128", 20)]
    [InlineData(28, null, "ChaCha20-Poly1305", 36)]
    public void Aeads_are_found_by_number_and_key_length(ushort id, int? keyLength, string name, int keyMaterial)
    {
        var aead = Algorithms.FindAead(id, keyLength);
        Assert.Equal((name, keyMaterial, 8, 16), (aead?.Name, aead?.KeyMaterialLength, aead?.IvLength, aead?.IcvLength));
    }

    [Theory]
    [InlineData(20, null)]
    [InlineData(20, 192)]
    [InlineData(28, 256)]
    [InlineData(12, 256)]
    public void Other_transforms_and_key_lengths_are_not_found(ushort id, int? keyLength) =>
        Assert.Null(Algorithms.FindAead(id, keyLength));

    [Theory]
    [InlineData(5, "HMAC-SHA2-256", 32)]
    [InlineData(6, "HMAC-SHA2-384", 48)]
    [InlineData(7, "HMAC-SHA2-512", 64)]
    public void Prfs_are_found_by_number(ushort id, string name, int length)
    {
        var prf = Algorithms.FindPrf(id);
        Assert.Equal((name, length), (prf?.Name, prf?.OutputLength));
    }

    [Theory]
    [InlineData(14, "MODP-2048", 256)]
    [InlineData(19, "ECP-256", 64)]
    [InlineData(20, "ECP-384", 96)]
    [InlineData(31, "X25519", 32)]
    public void Key_exchanges_are_found_by_number(ushort id, string name, int length)
    {
        var method = Algorithms.FindKeyExchange(id);
        Assert.Equal((name, length, length), (method?.Name, method?.OfferLength, method?.AnswerLength));
    }
}
