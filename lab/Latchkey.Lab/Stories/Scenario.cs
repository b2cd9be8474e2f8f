namespace Latchkey.Lab.Stories;

/// <summary>One story about real hosts and real programs, with what must be seen when it is told.</summary>
public abstract class Scenario
{
    /// <summary>Its number, as in the acceptance scenarios.</summary>
    public abstract string Id { get; }

    /// <summary>One line for the list.</summary>
    public abstract string Title { get; }

    /// <summary>Builds the hosts, lets things happen, and checks what is seen.</summary>
    protected internal abstract Task Tell(Stage stage);
}
