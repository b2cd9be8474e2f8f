using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>Reads <c>Vectors/*.txt</c>: blocks of <c>name = value</c> lines parted by empty lines; <c>#</c> begins a comment.</summary>
public static class VectorFile
{
    public static TheoryData<Vector> Read(string name) => [.. Cases(name)];

    private static IEnumerable<Vector> Cases(string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Vectors", name);
        var fields = new Dictionary<string, string>();
        var count = 0;
        foreach (var line in File.ReadLines(path).Where(l => !l.StartsWith('#')).Append(""))
        {
            if (line.Split(" = ") is [var key, var value])
            {
                fields.Add(key, value);
            }
            else if (fields.Count > 0)
            {
                yield return new Vector($"{Path.GetFileNameWithoutExtension(name)} case {++count}", fields);
                fields = [];
            }
        }
    }
}

/// <summary>One case of a vector file.</summary>
public sealed class Vector(string name, IReadOnlyDictionary<string, string> fields)
{
    public bool Has(string field) => fields.ContainsKey(field);

    public string Text(string field) => fields[field];

    public byte[] Octets(string field) => Convert.FromHexString(fields[field]);

    public override string ToString() => name;
}
