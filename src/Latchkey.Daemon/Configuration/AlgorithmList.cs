using System.Collections.Immutable;
using Latchkey.Crypto;

namespace Latchkey.Daemon.Configuration;

/// <summary>Reads a list of algorithms by their names, the best first.</summary>
internal static class AlgorithmList
{
    /// <param name="emptiness">What is wrong with an empty list, and what to write; null: nothing is.</param>
    /// <returns>Null when the key is missing or was refused.</returns>
    public static ImmutableArray<T>? Read<T>(
        TomlSection section, FindingList findings, string key, OrderedDictionary<string, T> names, (string Problem, string Remedy)? emptiness = null)
    {
        var example = $"{key} = [\"{names.GetAt(0).Key}\"]";
        var expected = $"a list of {string.Join(", ", names.Keys)}, the best first";
        if (section.Texts(key, expected, example) is not { } texts)
        {
            return null;
        }

        if (texts.IsEmpty && emptiness is var (problem, remedy))
        {
            section.Refuse(key, problem, remedy);
            return null;
        }

        var algorithms = ImmutableArray.CreateBuilder<T>();
        foreach (var (name, place) in texts)
        {
            if (name == "null" && names is OrderedDictionary<string, AeadAlgorithm>)
            {
                findings.Error(place, $"'{key}' names \"null\", which encrypts nothing and is refused: latches promise that nobody reads along", $"write for example {example}");
            }
            else if (!names.TryGetValue(name, out var algorithm))
            {
                findings.Error(place, $"'{key}' must be {expected}; it knows no \"{name}\"", $"write for example {example}");
            }
            else if (algorithms.Contains(algorithm))
            {
                findings.Error(place, $"'{key}' names \"{name}\" twice", "remove one of them");
            }
            else
            {
                algorithms.Add(algorithm);
            }
        }

        return algorithms.ToImmutable();
    }
}
