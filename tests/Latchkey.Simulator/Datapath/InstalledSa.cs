using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>An SA in the simulated datapath: what <see cref="EspSa"/> said, and the key reduced to what compares it.</summary>
public sealed class InstalledSa(EspSa sa, KeyId key)
{
    private readonly ReplayWindow _window = new();
    private ulong _sent;

    public SaDirection Direction { get; } = sa.Direction;

    public uint Spi { get; } = sa.Spi;

    public ChannelId Channel { get; } = sa.Channel;

    public SelectorSet Selectors { get; } = sa.Selectors;

    public InetEndpoint Local { get; private set; } = sa.Local;

    public InetEndpoint Remote { get; private set; } = sa.Remote;

    public Encapsulation Encapsulation { get; private set; } = sa.Encapsulation;

    public bool Tunnel { get; } = sa.Tunnel;

    public KeyId Key { get; } = key;

    public bool Heard { get; set; }

    /// <summary>It goes between other ends from now on.</summary>
    public void Move(InetEndpoint local, InetEndpoint remote, Encapsulation encapsulation) => (Local, Remote, Encapsulation) = (local, remote, encapsulation);

    public ulong NextSequence() => ++_sent;

    public bool Accept(ulong sequence) => _window.Accept(sequence);

    public override string ToString() => $"{Direction} spi {Spi:x8} of {Channel}, key {Key}: {Selectors}";
}
