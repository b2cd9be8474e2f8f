using Xunit;

namespace Latchkey.Crypto.Tests;

public class ListOfVectors
{
    [Fact]
    public void Every_file_of_vectors_is_named_in_the_list()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Vectors");
        var list = File.ReadAllText(Path.Combine(folder, "README.md"));
        Assert.All(Directory.GetFiles(folder, "*.txt"), file => Assert.Contains($"| `{Path.GetFileName(file)}` |", list, StringComparison.Ordinal));
    }
}
