using Latchkey.Latching;

namespace Latchkey.Engine;

/// <summary>For engines whose latches need not outlive them: rehearsals, tests.</summary>
internal sealed class NoJournal : ILatchJournal
{
    public string? Failure => null;

    public bool TryAppend(LatchRecord record) => true;

    public bool TryRewrite(IEnumerable<LatchRecord> records) => true;

    public void Empty()
    {
        // Nothing is ever in it.
    }
}
