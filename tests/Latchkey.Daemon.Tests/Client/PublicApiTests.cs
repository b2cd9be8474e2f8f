using System.Reflection;
using Latchkey.Client;
using Xunit;

namespace Latchkey.Daemon.Tests.Client;

/// <summary>What programs compile against. src/Latchkey.Client/PublicApi.txt changes only on purpose.</summary>
public class PublicApiTests
{
    private static readonly Assembly Package = typeof(LatchClient).Assembly;

    [Fact]
    public void The_public_api_is_the_one_that_is_written_down()
    {
        var listing = PublicApi.Of(Package);
        var written = File.ReadAllText(Path.Combine(Documents.Root(), "src/Latchkey.Client/PublicApi.txt"));

        Assert.True(written == listing, $"src/Latchkey.Client/PublicApi.txt should be:\n{listing}");
    }

    [Fact]
    public void The_package_stands_alone()
    {
        Assert.All(Package.GetReferencedAssemblies(), r => Assert.StartsWith("System.", r.Name, StringComparison.Ordinal));
    }
}
