namespace Latchkey.Lab.Stories;

/// <summary>One story about real hosts and real programs, with what must be seen when it is told.</summary>
public abstract class Scenario
{
    /// <summary>Its number, as in the acceptance scenarios.</summary>
    public abstract string Id { get; }

    /// <summary>One line for the list.</summary>
    public abstract string Title { get; }

    /// <summary>It keeps the processors busy, so that another one beside it would see what is not its own.</summary>
    public virtual bool FillsTheMachine => false;

    /// <summary>Builds the hosts, lets things happen, and checks what is seen.</summary>
    protected internal abstract Task Tell(Stage stage);
}
