namespace Latchkey.Daemon;

/// <summary>The daemon cannot start, for a reason a person can remove.</summary>
/// <param name="problem">What is wrong, naming the file or thing.</param>
/// <param name="remedy">What to do about it.</param>
public sealed class StartupException(string problem, string remedy) : Exception($"{problem}; {remedy}")
{
    public string Problem { get; } = problem;

    public string Remedy { get; } = remedy;
}
