namespace Latchkey.Client;

/// <summary>The daemon refused, or could not be asked. The message says why, and what helps.</summary>
public sealed class LatchException : Exception
{
    internal LatchException(string problem, string remedy, Exception? inner = null)
        : base($"{problem}; {remedy}", inner) => (Problem, Remedy) = (problem, remedy);

    /// <summary>What is wrong.</summary>
    public string Problem { get; }

    /// <summary>What helps.</summary>
    public string Remedy { get; }
}
