using System.Diagnostics.CodeAnalysis;

namespace Latchkey.Ike;

/// <summary>Finds IKE SAs by handle and by our SPI, and Child SAs by handle.</summary>
internal sealed class SaTable
{
    /// <summary>Ended generations kept to answer retransmissions; the oldest goes first, so that a crowd costs bounded memory.</summary>
    private const int RetiredMaximum = 1024;

    private readonly Dictionary<IkeSaHandle, IkeSa> _sas = [];
    private readonly Dictionary<ulong, Generation> _generations = [];
    private readonly Dictionary<ulong, InitInitiator> _initiating = [];
    private readonly Dictionary<ChildSaHandle, ChildSa> _children = [];
    private readonly HashSet<uint> _espSpis = [];
    private readonly Queue<Generation> _retired = new();

    public IEnumerable<IkeSa> Sas => _sas.Values;

    public IEnumerable<Generation> Generations => _generations.Values;

    public IEnumerable<InitInitiator> Initiating => _initiating.Values;

    public UnansweredRequests Unanswered { get; } = new();

    public void Add(IkeSa sa) => _sas.Add(sa.Handle, sa);

    public void Remove(IkeSa sa) => _sas.Remove(sa.Handle);

    public bool TryFind(IkeSaHandle handle, [NotNullWhen(true)] out IkeSa? sa) => _sas.TryGetValue(handle, out sa);

    public void Add(Generation generation) => _generations.Add(generation.OurSpi, generation);

    public void Remove(Generation generation) => _generations.Remove(generation.OurSpi);

    public bool TryFind(ulong ourSpi, [NotNullWhen(true)] out Generation? generation) => _generations.TryGetValue(ourSpi, out generation);

    public void Add(InitInitiator exchange) => _initiating.Add(exchange.SpiI, exchange);

    public void Remove(InitInitiator exchange) => _initiating.Remove(exchange.SpiI);

    public bool TryFind(ulong spiI, [NotNullWhen(true)] out InitInitiator? exchange) => _initiating.TryGetValue(spiI, out exchange);

    public bool IsSpiTaken(ulong spi) => _generations.ContainsKey(spi) || _initiating.ContainsKey(spi);

    public void Add(ChildSa child) => _children.Add(child.Handle, child);

    public void Remove(ChildSa child)
    {
        _children.Remove(child.Handle);
        _espSpis.Remove(child.InboundSpi);
    }

    public bool TryFind(ChildSaHandle handle, [NotNullWhen(true)] out ChildSa? child) => _children.TryGetValue(handle, out child);

    public bool ReserveEspSpi(uint spi) => _espSpis.Add(spi);

    public void ReleaseEspSpi(uint spi) => _espSpis.Remove(spi);

    public void KeepRetired(Generation generation)
    {
        while (_retired.TryPeek(out var oldest) && (oldest.IsDisposed || _retired.Count >= RetiredMaximum))
        {
            _retired.Dequeue().Dispose();
        }

        _retired.Enqueue(generation);
    }
}
