namespace Latchkey.Daemon.Control;

/// <summary>The daemon understood a request and will not do it; over HTTP this is a conflict (409).</summary>
public sealed class RefusedException(string problem, string remedy) : Exception($"{problem}; {remedy}")
{
    public string Problem { get; } = problem;

    public string Remedy { get; } = remedy;
}
