using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Latchkey.Crypto;

/// <summary>A fingerprint in four lines that two people can read to each other: four words and a check word each.</summary>
/// <remarks>
/// A word is a proquint (D. S. Wilkerson, arXiv:0901.4016): five letters, consonant and vowel in turn, for 16 bits. The
/// check word is a CRC-16 over the line and its place, so a misheard word or a lost or exchanged line shows at once.
/// All 256 bits are there. Why not a list of words: docs/decisions/fingerprint-words.md.
/// </remarks>
public static class FingerprintWords
{
    private const string Consonants = "bdfghjklmnprstvz";
    private const string Vowels = "aiou";
    private const int LineCount = 4;
    private const int WordsPerLine = 4;
    private const int OctetsPerLine = 8;
    private const int WordLength = 5;

    /// <summary>Four lines such as <c>lusab babad gutih tugad - hopij</c>; the check word follows the hyphen.</summary>
    public static IReadOnlyList<string> Lines(KeyFingerprint fingerprint)
    {
        var octets = fingerprint.ToBytes();
        return [.. Enumerable.Range(0, LineCount).Select(n => Line(n, octets.AsSpan(n * OctetsPerLine, OctetsPerLine)))];
    }

    /// <summary>Reads the words back, in either case, parted by anything that is not a letter.</summary>
    public static bool TryParse(string? text, out KeyFingerprint fingerprint, [NotNullWhen(false)] out string? error)
    {
        fingerprint = default;
        var words = Split(text ?? "");
        const int Expected = LineCount * (WordsPerLine + 1);
        if (words.Count != Expected)
        {
            error = $"{words.Count} words; a fingerprint has {Expected}: {LineCount} lines of {WordsPerLine} and a check word";
            return false;
        }

        var octets = new byte[LineCount * OctetsPerLine];
        for (var n = 0; n < LineCount; n++)
        {
            if (!TryParseLine(n, words.GetRange(n * (WordsPerLine + 1), WordsPerLine + 1), octets.AsSpan(n * OctetsPerLine, OctetsPerLine), out error))
            {
                return false;
            }
        }

        fingerprint = new KeyFingerprint(octets);
        error = null;
        return true;
    }

    private static string Line(int number, ReadOnlySpan<byte> octets)
    {
        var words = new string[WordsPerLine];
        for (var i = 0; i < WordsPerLine; i++)
        {
            words[i] = Word(BinaryPrimitives.ReadUInt16BigEndian(octets[(2 * i)..]));
        }

        return $"{string.Join(' ', words)} - {Word(Check(number, octets))}";
    }

    private static bool TryParseLine(int number, List<string> words, Span<byte> octets, [NotNullWhen(false)] out string? error)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (!TryParseWord(words[i], out var value))
            {
                error = $"line {number + 1}: \"{words[i]}\" is not a word of a fingerprint, as for example \"lusab\" is";
                return false;
            }

            if (i < WordsPerLine)
            {
                BinaryPrimitives.WriteUInt16BigEndian(octets[(2 * i)..], value);
            }
            else if (value != Check(number, octets))
            {
                error = $"line {number + 1} does not fit its check word \"{words[i]}\": a word is wrong or lines changed places";
                return false;
            }
        }

        error = null;
        return true;
    }

    private static string Word(ushort value) => new(
    [
        Consonants[value >> 12], Vowels[(value >> 10) & 3], Consonants[(value >> 6) & 15], Vowels[(value >> 4) & 3], Consonants[value & 15],
    ]);

    private static bool TryParseWord(string word, out ushort value)
    {
        var number = 0;
        for (var i = 0; i < word.Length; i++)
        {
            var alphabet = i % 2 == 0 ? Consonants : Vowels;
            var digit = alphabet.IndexOf(word[i], StringComparison.Ordinal);
            if (digit < 0 || word.Length != WordLength)
            {
                value = 0;
                return false;
            }

            number = (number * alphabet.Length) + digit;
        }

        value = (ushort)number;
        return true;
    }

    private static List<string> Split(string text)
    {
        var letters = string.Concat(text.Select(c => char.IsLetter(c) ? char.ToLowerInvariant(c) : ' '));
        return [.. letters.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
    }

    // CRC-16 with the polynomial of CCITT: every error within one word is found, any other but for one in 65,536.
    private static ushort Check(int lineNumber, ReadOnlySpan<byte> octets)
    {
        var crc = Feed(0xffff, (byte)lineNumber);
        foreach (var octet in octets)
        {
            crc = Feed(crc, octet);
        }

        return crc;

        static ushort Feed(ushort crc, byte octet)
        {
            crc ^= (ushort)(octet << 8);
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (ushort)((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1);
            }

            return crc;
        }
    }
}
