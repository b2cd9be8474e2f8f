using Xunit;

namespace Latchkey.Vectors;

/// <summary>
/// Reads the published vectors in <c>tests/vectors</c>: a comment that names the source, then blocks of <c>name = value</c> lines
/// parted by empty lines.
/// </summary>
internal static class VectorFile
{
    public static TheoryData<Vector> Read(string name) => [.. Cases(name)];

    private static IEnumerable<Vector> Cases(string name)
    {
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Vectors", name));
        Assert.StartsWith("# Source: ", lines[0], StringComparison.Ordinal);
        var fields = new Dictionary<string, string>();
        var count = 0;
        foreach (var line in lines.Where(l => !l.StartsWith('#')).Append(""))
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
