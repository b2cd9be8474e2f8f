namespace Latchkey.Daemon.Hosting;

/// <summary>What was opened one after the other; closed in the reverse order.</summary>
internal sealed class DisposalStack : IDisposable
{
    private readonly Stack<IDisposable> _opened = new();

    public T Push<T>(T opened)
        where T : IDisposable
    {
        _opened.Push(opened);
        return opened;
    }

    public void Dispose()
    {
        while (_opened.TryPop(out var last))
        {
            last.Dispose();
        }
    }
}
