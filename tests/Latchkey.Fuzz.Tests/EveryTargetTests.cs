using Xunit;

namespace Latchkey.Fuzz.Tests;

/// <summary>The short form of <c>./fuzz</c>: every input that is kept, and ten thousand made from them.</summary>
public sealed class EveryTargetTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "corpus");

    public static TheoryData<string> Names => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_kept_input_is_handled(string name)
    {
        var target = Find(name);
        var corpus = Corpus.Of(target, Folder);
        Assert.NotEmpty(corpus);
        foreach (var input in corpus)
        {
            target.Run(input);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Whatever_is_made_of_them_is_handled(string name)
    {
        var target = Find(name);
        var mutator = new Mutator(Corpus.Of(target, Folder), seed: 20090807);
        for (var i = 0; i < 10_000; i++)
        {
            var input = mutator.Next(target.Longest);
            try
            {
                target.Run(input);
            }
#pragma warning disable CA1031 // Whatever it is, the input that caused it is what a person needs.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Assert.Fail($"{name} breaks on {Convert.ToHexString(input)}: {e}");
            }
        }
    }

    private static FuzzTarget Find(string name) => FuzzTarget.All.Single(target => target.Name == name);
}
