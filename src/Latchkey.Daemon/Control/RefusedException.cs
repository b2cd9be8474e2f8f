namespace Latchkey.Daemon.Control;

/// <summary>The daemon understood a request and will not do it.</summary>
public sealed class RefusedException(string problem, string remedy) : Exception($"{problem}; {remedy}")
{
    public string Problem { get; } = problem;

    public string Remedy { get; } = remedy;
}
