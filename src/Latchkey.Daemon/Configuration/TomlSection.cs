using System.Collections.Immutable;
using Tomlyn.Syntax;

namespace Latchkey.Daemon.Configuration;

/// <summary>
/// One table of the file. Whoever asks for a key makes it known; what nobody asked for is refused by
/// <see cref="RefuseUnknownKeys"/>, so a key can never be ignored.
/// </summary>
internal sealed class TomlSection
{
    private readonly Dictionary<string, KeyValueSyntax> _keys = new(StringComparer.Ordinal);
    private readonly List<string> _known = [];
    private readonly FindingList _findings;

    /// <param name="title">As people write it, for example <c>[[protect]]</c>.</param>
    public TomlSection(string title, TableSyntaxBase? table, FindingList findings)
    {
        Title = title;
        Start = table?.Span.Start ?? default;
        _findings = findings;
        foreach (var pair in table?.Items.ToArray() ?? [])
        {
            var key = NameOf(pair.Key);
            if (!_keys.TryAdd(key, pair))
            {
                findings.Error(pair, $"'{key}' is given twice in {title}; the first is on line {_keys[key].Span.Start.Line + 1}", "keep one of them");
            }
        }
    }

    public string Title { get; }

    /// <summary>Where the section's header stands.</summary>
    public TextPosition Start { get; }

    /// <summary>A key as written, without quotes and the blanks around it.</summary>
    public static string NameOf(SyntaxNode? key) => (key?.ToString() ?? "").Trim().Trim('"', '\'');

    public bool Has(string key)
    {
        Know(key);
        return _keys.ContainsKey(key);
    }

    /// <summary>Where the key's value stands, or the section's header when it is missing.</summary>
    public TextPosition PlaceOf(string key) =>
        _keys.TryGetValue(key, out var pair) ? pair.Value?.Span.Start ?? pair.Span.Start : Start;

    /// <summary>Refuses the value of a key that is present.</summary>
    public void Refuse(string key, string message, string remedy) => _findings.Error(PlaceOf(key), message, remedy);

    /// <summary>Refuses a key that says something, but nothing would follow from it here.</summary>
    public void RefuseIneffective(string key, string because, string remedy)
    {
        if (Has(key))
        {
            _findings.Error(_keys[key], $"'{key}' has no effect here: {because}", remedy);
        }
    }

    /// <summary>The value of a key as text or number, or null when it is missing or was refused.</summary>
    public string? Scalar(string key, string expected, string example) => !Has(key) ? null : _keys[key].Value switch
    {
        StringValueSyntax { Value: { } text } => text,
        IntegerValueSyntax number => $"{number.Value}",
        var other => WrongType(other, key, expected, example),
    };

    public string? Text(string key, string expected, string example) => !Has(key) ? null : _keys[key].Value switch
    {
        StringValueSyntax { Value: { } text } => text,
        var other => WrongType(other, key, expected, example),
    };

    /// <summary>true or false; null when the key is missing or was refused.</summary>
    public bool? Truth(string key)
    {
        if (!Has(key))
        {
            return null;
        }

        if (_keys[key].Value is BooleanValueSyntax truth)
        {
            return truth.Value;
        }

        WrongType(_keys[key].Value, key, "true or false", $"{key} = true");
        return null;
    }

    /// <summary>A list of texts, each with its place; null when the key is missing or was refused.</summary>
    public ImmutableArray<(string Text, TextPosition Place)>? Texts(string key, string expected, string example)
    {
        if (!Has(key))
        {
            return null;
        }

        if (_keys[key].Value is not ArraySyntax array)
        {
            WrongType(_keys[key].Value, key, expected, example);
            return null;
        }

        var texts = ImmutableArray.CreateBuilder<(string, TextPosition)>();
        foreach (var item in array.Items)
        {
            if (item.Value is StringValueSyntax { Value: { } text } value)
            {
                texts.Add((text, value.Span.Start));
            }
            else
            {
                WrongType(item.Value, key, expected, example);
                return null;
            }
        }

        return texts.ToImmutable();
    }

    /// <summary>A text, or a list of texts; null when the key is missing or was refused.</summary>
    public ImmutableArray<string>? TextOrTexts(string key, string expected, string example) =>
        Has(key) && _keys[key].Value is ArraySyntax ? Texts(key, expected, example)?.Select(item => item.Text).ToImmutableArray()
        : Text(key, expected, example) is { } text ? [text] : null;

    /// <summary>One of a few words. Words in <paramref name="later"/> are known, and refused with their reason.</summary>
    public T Choice<T>(string key, T fallback, IReadOnlyDictionary<string, T> words, IReadOnlyDictionary<string, string>? later = null)
    {
        var expected = string.Join(" or ", words.Keys.Select(w => $"\"{w}\""));
        if (Text(key, expected, $"{key} = \"{words.Keys.First()}\"") is not { } word)
        {
            return fallback;
        }

        if (words.TryGetValue(word, out var value))
        {
            return value;
        }

        if (later?.TryGetValue(word, out var because) == true)
        {
            Refuse(key, $"this version does not have {key} = \"{word}\" ({because})", $"write {expected}");
        }
        else
        {
            Refuse(key, $"'{key}' must be {expected}, not \"{word}\"", $"write for example {key} = \"{words.Keys.First()}\"");
        }

        return fallback;
    }

    /// <summary>To be called last: every key that nobody asked for is an error.</summary>
    public void RefuseUnknownKeys()
    {
        foreach (var (key, pair) in _keys)
        {
            if (!_known.Contains(key))
            {
                var near = NearestWord.To(key, _known);
                _findings.Error(
                    pair, $"{Title} has no key '{key}'", near is null ? $"its keys are: {string.Join(", ", _known)}" : $"did you mean '{near}'?");
            }
        }
    }

    private void Know(string key)
    {
        if (!_known.Contains(key))
        {
            _known.Add(key);
        }
    }

    private string? WrongType(SyntaxNode? value, string key, string expected, string example)
    {
        _findings.Error(value?.Span.Start ?? Start, $"'{key}' must be {expected}, not {value?.ToString().Trim()}", $"write for example {example}");
        return null;
    }
}
