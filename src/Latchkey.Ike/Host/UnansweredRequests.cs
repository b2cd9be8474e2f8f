using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>IKE_SA_INIT requests that were given up, so that an answer which comes too late still tells that somebody speaks IKE.</summary>
internal sealed class UnansweredRequests
{
    /// <summary>The oldest goes first.</summary>
    private const int Maximum = 1024;

    private readonly Dictionary<ulong, (InetAddress Local, InetAddress Remote)> _bySpi = [];
    private readonly Queue<ulong> _order = new();

    public void Add(ulong spiI, InetAddress local, InetAddress remote)
    {
        if (_order.Count == Maximum)
        {
            _bySpi.Remove(_order.Dequeue());
        }

        _bySpi[spiI] = (local, remote);
        _order.Enqueue(spiI);
    }

    /// <summary>True once for each request, when the answer comes from where the request went.</summary>
    public bool TakeAnswer(ulong spiI, InetAddress local, InetAddress remote) =>
        _bySpi.TryGetValue(spiI, out var ends) && ends == (local, remote) && _bySpi.Remove(spiI);
}
