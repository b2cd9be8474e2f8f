namespace Latchkey.Lab.Stories;

/// <summary>One story about real hosts and real programs, with what must be seen when it is told.</summary>
public abstract class Scenario
{
    /// <summary>Its number, as in the acceptance scenarios.</summary>
    public abstract string Id { get; }

    /// <summary>One line for the list.</summary>
    public abstract string Title { get; }

    /// <summary>Most of its time it waits for lifetimes, of which none is shorter than ten seconds.</summary>
    public virtual bool AwaitsLifetimes => false;

    /// <summary>Builds the hosts, lets things happen, and checks what is seen.</summary>
    protected internal abstract Task Tell(Stage stage);
}
