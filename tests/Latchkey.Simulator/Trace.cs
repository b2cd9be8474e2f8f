namespace Latchkey.Simulator;

/// <summary>What happened, one line each, for the person who has to understand a failing schedule; keeps the last lines.</summary>
/// <remarks>Lines are written as late as possible: a run that succeeds, and nearly all do, formats none of them.</remarks>
public sealed class Trace(EventQueue events, int capacity)
{
    private readonly Queue<(TimeSpan At, string Who, object What)> _lines = new(capacity);

    public void Add(string who, object what)
    {
        if (_lines.Count == capacity)
        {
            _lines.Dequeue();
        }

        _lines.Enqueue((events.Now, who, what));
    }

    public IEnumerable<string> Lines() =>
        _lines.Select(line => $"{line.At.TotalSeconds,10:F6}  {line.Who,-8} {line.What}");
}
