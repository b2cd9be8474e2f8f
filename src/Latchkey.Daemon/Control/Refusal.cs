namespace Latchkey.Daemon.Control;

/// <summary>A request that is not granted; answered with its status, the reason and what helps.</summary>
internal sealed class Refusal(int status, string problem, string remedy) : Exception($"{problem}; {remedy}")
{
    public int Status { get; } = status;

    public string Problem { get; } = problem;

    public string Remedy { get; } = remedy;
}
