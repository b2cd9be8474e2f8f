namespace Latchkey.Daemon.Control;

/// <summary>What is wrong with a request as HTTP has it; answered with its status, the reason and what helps.</summary>
internal sealed class Refusal(int status, string problem, string remedy) : Exception($"{problem}; {remedy}")
{
    public int Status { get; } = status;

    public string Problem { get; } = problem;

    public string Remedy { get; } = remedy;
}
