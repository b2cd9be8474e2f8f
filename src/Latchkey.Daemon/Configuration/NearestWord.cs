namespace Latchkey.Daemon.Configuration;

/// <summary>Guesses which word was meant by a misspelt one.</summary>
public static class NearestWord
{
    /// <summary>The word at most two edits away, or null.</summary>
    public static string? To(string misspelt, IEnumerable<string> words)
    {
        var best = words.Select(word => (Word: word, Edits: Edits(misspelt, word))).OrderBy(w => w.Edits).FirstOrDefault();
        return best.Word is not null && best.Edits <= 2 ? best.Word : null;
    }

    /// <summary>Levenshtein's distance: insertions, deletions and replacements of single characters.</summary>
    private static int Edits(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
