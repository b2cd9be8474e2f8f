using CsCheck;
using Xunit;

namespace Latchkey.Crypto.Tests;

public class FingerprintWordsTests
{
    private static readonly Gen<KeyFingerprint> Fingerprints = Gen.Byte.Array[32].Select(b => new KeyFingerprint(b));

    private static readonly Gen<string[]> Words =
        Fingerprints.Select(f => FingerprintWords.Lines(f).SelectMany(l => l.Split(' ').Where(w => w != "-")).ToArray());

    [Fact]
    public void The_words_of_the_proposal_are_spoken_the_same()
    {
        // The two addresses that the proquint proposal gives as examples: 127.0.0.1 and 63.84.220.193.
        var fingerprint = new KeyFingerprint([127, 0, 0, 1, 63, 84, 220, 193, .. new byte[24]]);
        Assert.StartsWith("lusab babad gutih tugad - ", FingerprintWords.Lines(fingerprint)[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Words_read_back_give_the_fingerprint() =>
        Fingerprints.Sample(f =>
        {
            var lines = FingerprintWords.Lines(f);
            foreach (var spelling in new[] { string.Join('\n', lines), string.Join(", ", lines).ToUpperInvariant() })
            {
                Assert.True(FingerprintWords.TryParse(spelling, out var read, out _));
                Assert.Equal(f, read);
            }
        });

    [Fact]
    public void Any_one_wrong_letter_is_found_and_its_line_named() =>
        Gen.Select(Words, Gen.Int[0, 19], Gen.Int[0, 4], Gen.Char['a', 'z']).Sample((words, word, letter, other) =>
        {
            if (words[word][letter] == other)
            {
                return;
            }

            var wrong = words[word].ToCharArray();
            wrong[letter] = other;
            words[word] = new string(wrong);
            Assert.False(FingerprintWords.TryParse(string.Join(' ', words), out _, out var error));
            Assert.StartsWith($"line {1 + (word / 5)}", error, StringComparison.Ordinal);
        });

    [Fact]
    public void Lines_in_another_order_are_found() =>
        Gen.Select(Fingerprints, Gen.Int[0, 3], Gen.Int[0, 3]).Sample((f, a, b) =>
        {
            var lines = FingerprintWords.Lines(f).ToArray();
            (lines[a], lines[b]) = (lines[b], lines[a]);
            Assert.Equal(a == b, FingerprintWords.TryParse(string.Join(' ', lines), out _, out _));
        });

    [Fact]
    public void Missing_and_added_words_are_counted() =>
        Words.Sample(words =>
        {
            Assert.False(FingerprintWords.TryParse(string.Join(' ', words[1..]), out _, out var error));
            Assert.StartsWith("19 words;", error, StringComparison.Ordinal);
            Assert.False(FingerprintWords.TryParse(string.Join(' ', [.. words, "babab"]), out _, out error));
            Assert.StartsWith("21 words;", error, StringComparison.Ordinal);
        });

    [Fact]
    public void Any_text_is_answered_without_an_exception() =>
        Gen.String.Sample(text =>
        {
            Assert.False(FingerprintWords.TryParse(text, out _, out var error));
            Assert.NotEmpty(error);
        });
}
