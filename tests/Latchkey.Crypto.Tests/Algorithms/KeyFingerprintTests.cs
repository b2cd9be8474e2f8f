using CsCheck;
using Xunit;

namespace Latchkey.Crypto.Tests;

public class KeyFingerprintTests
{
    [Fact]
    public void Text_read_back_gives_the_fingerprint() =>
        Gen.Byte.Array[32].Sample(octets =>
        {
            var fingerprint = new KeyFingerprint(octets);
            Assert.Equal(octets, fingerprint.ToBytes());
            Assert.True(KeyFingerprint.TryParse(fingerprint.ToString(), out var read));
            Assert.Equal(fingerprint, read);
        });

    [Fact]
    public void A_fingerprint_has_one_spelling() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Int[0, 49], Gen.Char[' ', '~']).Sample((octets, place, letter) =>
        {
            var fingerprint = new KeyFingerprint(octets);
            var text = fingerprint.ToString().ToCharArray();
            text[place] = letter;
            if (KeyFingerprint.TryParse(new string(text), out var read))
            {
                Assert.Equal(new string(text), read.ToString());
            }
        });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("SHA256:")]
    [InlineData("sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU")]
    [InlineData("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    [InlineData("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV")]
    public void Other_text_is_refused(string? text) => Assert.False(KeyFingerprint.TryParse(text, out _));

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Other_lengths_are_refused(int length) =>
        Assert.Throws<ArgumentException>("sha256", () => new KeyFingerprint(new byte[length]));
}
