using Latchkey.Daemon.Configuration;
using Xunit;

namespace Latchkey.Daemon.Tests.Configuration;

/// <summary>The examples of docs/configuration.md are configurations.</summary>
public class ConfigurationDocumentTests
{
    public static TheoryData<string> Examples => [.. Documents.Blocks("configuration.md", "toml")];

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_is_a_configuration(string example) =>
        Assert.Empty(ConfigurationReader.Read(example, "configuration.md").Errors);

    /// <summary>Whatever a section understands is in the document.</summary>
    [Theory]
    [InlineData("[daemon]")]
    [InlineData("[identity]")]
    [InlineData("[ike]")]
    [InlineData("[debug]")]
    [InlineData("[[protect]]")]
    [InlineData("[[peer]]")]
    public void Every_key_is_documented(string section)
    {
        var unknown = ConfigurationReader.Read($"{section}\nzzzzzzzzzz = 1\n", "f").Errors.Single(e => e.Message.Contains("zzzzzzzzzz", StringComparison.Ordinal));
        var keys = unknown.Remedy[(unknown.Remedy.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(',', StringSplitOptions.TrimEntries);

        Assert.NotEmpty(keys);
        Assert.All(keys, key => Assert.Contains($"`{key}`", Documents.Read("configuration.md"), StringComparison.Ordinal));
    }
}
