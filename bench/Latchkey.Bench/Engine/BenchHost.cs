using System.Collections.Immutable;
using System.Diagnostics;
using Latchkey.Bench.Datapath;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Datapath;
using Latchkey.Engine;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Bench.Engine;

/// <summary>A host of the bench: a real engine and a real user datapath, whose links lead nowhere.</summary>
internal sealed class BenchHost : IDisposable
{
    public const ushort Service = 7000;

    private static readonly AeadAlgorithm Aead = Algorithms.FindAead(20, 256)!;

    private static readonly EngineSettings Settings = new()
    {
        Ike = new IkeSettings
        {
            IkeProposals = [new IkeProposal([Aead], [Algorithms.FindPrf(5)!], [Algorithms.FindKeyExchange(31)!])],
            EspProposals = [new EspProposal([Aead], [])],
        },
    };

    private static readonly ImmutableArray<ProtectEntry> Protect =
    [
        new ProtectEntry
        {
            Name = "service",
            Protocol = IpProtocol.Tcp,
            Ports = [new PortPair(PortRange.Any, new PortRange(Service, Service)), new PortPair(new PortRange(Service, Service), PortRange.Any)],
            Trust = TrustLevel.Anyone,
        },
    ];

    private readonly BenchNetwork _network;
    private readonly SigningKey _identity = SigningKey.Generate(SystemRandom.Instance);
    private long _callBegan;
    private long? _verdict;

    public BenchHost(BenchNetwork network, InetAddress address)
    {
        _network = network;
        Address = address;
        Engine = new LatchEngine(Settings, new SecurityPolicy(Protect, []), _identity, SystemRandom.Instance);
        Datapath = new UserDatapath(new Nowhere(), new OuterLinks(new Nowhere(), new Nowhere()), new NoQuestions(), () => network.Now);
    }

    public InetAddress Address { get; }

    public LatchEngine Engine { get; }

    public UserDatapath Datapath { get; }

    /// <summary>Flows are latched, but the datapath is not told: for weighing the two apart.</summary>
    public bool BindsFlows { get; set; } = true;

    public Dictionary<InetAddress, ChannelId> Channels { get; } = [];

    /// <summary>Of the newest inbound SA with each peer.</summary>
    public Dictionary<InetAddress, uint> InboundSpis { get; } = [];

    public int Resets { get; private set; }

    /// <summary>From the call that brought the verdict to the first reset, carried out.</summary>
    public TimeSpan FirstReset { get; private set; }

    public TimeSpan LastReset { get; private set; }

    public void Call(Action<LatchEngine> call)
    {
        _callBegan = Stopwatch.GetTimestamp();
        call(Engine);
        while (Engine.TryTakeEffect(out var effect))
        {
            CarryOut(effect);
        }
    }

    public void Dispose()
    {
        Engine.Dispose();
        Datapath.Dispose();
        _identity.Dispose();
    }

    private void CarryOut(Effect effect)
    {
        switch (effect)
        {
            case SendIke send:
                _network.Send(send);
                break;
            case InstallSa install:
                Channels[install.Sa.Remote.Address] = install.Sa.Channel;
                if (install.Sa.Direction == SaDirection.Inbound)
                {
                    InboundSpis[install.Sa.Remote.Address] = install.Sa.Spi;
                }

                Datapath.Install(install.Sa);
                break;
            case MoveSa move:
                Datapath.Move(move.Channel, move.Spi, move.Local, move.Remote, move.Encapsulation);
                break;
            case RemoveSa remove:
                Datapath.Remove(remove.Direction, remove.Channel, remove.Spi);
                break;
            case BindFlow bind when BindsFlows:
                Datapath.Bind(bind.Flow, bind.Channel);
                break;
            case BlockFlow block:
                _verdict ??= _callBegan;
                Datapath.Block(block.Flow, block.Reason);
                break;
            case ForgetFlow forget:
                Datapath.Forget(forget.Flow);
                break;
            case NotifyFlow notify:
                Datapath.Notify(notify.Flow, notify.Notice);
                LastReset = Stopwatch.GetElapsedTime(_verdict!.Value);
                FirstReset = Resets++ == 0 ? LastReset : FirstReset;
                break;
        }
    }
}
