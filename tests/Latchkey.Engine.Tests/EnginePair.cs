using System.Collections.Immutable;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;

namespace Latchkey.Engine.Tests;

/// <summary>
/// W's engine and C's on a wire with 2 ms of delay, and a latched flow between them. C's can be made anew in another life of
/// its host, or in the same.
/// </summary>
internal sealed class EnginePair : IDisposable
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(2);
    private static readonly InetAddress AddressOfW = InetAddress.Parse("192.0.2.1");
    private static readonly InetAddress AddressOfC = InetAddress.Parse("192.0.2.2");
    private static readonly SecretBytes Secret = new([1, .. new byte[31]]);
    private static readonly SecretBytes OtherSecret = new([2, .. new byte[31]]);

    private readonly SigningKey _keyOfW = Identities.Key(0);
    private readonly SigningKey _keyOfC = Identities.Key(1);
    private readonly PriorityQueue<(LatchEngine? To, SendIke Datagram), (TimeSpan, long)> _wire = new();
    private long _order;
    private readonly bool _nobodies;
    private ulong _lives;

    /// <param name="nobodies">Neither of the two proves anything to the other (RFC 7619).</param>
    public EnginePair(ulong? birth = 1, bool tokens = true, bool breakOnForeignInitialContact = true, bool nobodies = false, ILatchJournal? journalOfW = null, ILatchJournal? journalOfC = null, EngineSettings? settings = null)
    {
        _nobodies = nobodies;
        settings = (settings ?? Standard.Engine) with { BreakOnForeignInitialContact = breakOnForeignInitialContact };
        W = NewEngine(settings, _keyOfW, birth: 1, tokens: true, journal: journalOfW);
        C = NewEngine(settings, _keyOfC, birth, tokens, journal: journalOfC);
        CConnects(40000);
        WLatches([40000]);
    }

    public LatchEngine W { get; }

    public LatchEngine C { get; private set; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(1);

    /// <summary>What of all that W sends does not arrive.</summary>
    public Predicate<SendIke> LostFromW { get; set; } = _ => false;

    public List<Effect> EffectsOfW { get; } = [];

    /// <summary>C's view of the flow that W has a latch for.</summary>
    public static FlowKey Flow => FlowFrom(40000);

    public LatchSnapshot Latch => W.Latches().Single(l => l.Flow == Flow.Reversed);

    public IEnumerable<EngineEvent> Told => OfW<Raise>().Select(r => r.Event);

    public IEnumerable<T> OfW<T>()
        where T : Effect => EffectsOfW.OfType<T>();

    /// <summary>C comes up with its key and without memory, but for the latches that it restores.</summary>
    /// <param name="birth">The number of its life; null: it shows no certificate.</param>
    /// <param name="digest">Something else than belongs to the number.</param>
    /// <param name="otherSecrets">Its tokens are made with another secret than before.</param>
    public void RestartC(ulong? birth, bool tokens = true, UInt128? digest = null, bool otherSecrets = false, IReadOnlyCollection<LatchRecord>? restored = null)
    {
        C.Dispose();
        C = NewEngine(Standard.Engine, _keyOfC, birth, tokens, digest, otherSecrets);
        C.RestoreLatches(Now, restored ?? []);
    }

    /// <summary>C's application connects to W from a port.</summary>
    public void CConnects(ushort port)
    {
        C.HandleOutboundFlow(Now, FlowFrom(port));
        Run(TimeSpan.FromSeconds(2));
    }

    /// <summary>W sees flows begin under the SA that C has with it: each is latched.</summary>
    public void WLatches(IEnumerable<ushort> ports)
    {
        var sa = OfW<InstallSa>().Last(install => install.Sa.Direction == SaDirection.Inbound).Sa;
        foreach (var port in ports)
        {
            W.HandleInboundFlow(Now, FlowFrom(port).Reversed, sa.Channel, sa.Spi);
        }

        Drain();
    }

    /// <summary>W's application connects to C from a port.</summary>
    public void WConnects(ushort port)
    {
        W.HandleOutboundFlow(Now, FlowFrom(7000).Reversed with { LocalPort = port });
        Drain();
    }

    /// <summary>W sends data on its latch, and nothing comes back.</summary>
    public void WSendsInVain()
    {
        W.HandleUnanswered(Now, new ChannelId(Latch.Channel!.Value), TimeSpan.FromMilliseconds(100));
        Run(TimeSpan.FromSeconds(2));
    }

    public void Run(TimeSpan duration)
    {
        Drain();
        var end = Now + duration;
        while (Next() is { } next && next <= end)
        {
            Now = next > Now ? next : Now;
            if (_wire.TryPeek(out _, out var due) && due.Item1 <= Now)
            {
                var (to, datagram) = _wire.Dequeue();
                (to ?? C).HandleIkeDatagram(Now, datagram.Remote, datagram.Local, datagram.Message);
            }
            else
            {
                foreach (var engine in new[] { W, C }.Where(e => e.NextDeadline <= Now))
                {
                    engine.HandleDeadline(Now);
                }
            }

            Drain();
        }

        Now = end;
    }

    public void Dispose()
    {
        W.Dispose();
        C.Dispose();
        _keyOfW.Dispose();
        _keyOfC.Dispose();
    }

    /// <summary>C's view of a flow with W's service.</summary>
    public static FlowKey FlowFrom(ushort port) => new(IpProtocol.Tcp, AddressOfC, port, AddressOfW, 7000);

    private LatchEngine NewEngine(EngineSettings settings, SigningKey key, ulong? birth, bool tokens, UInt128? digest = null, bool otherSecrets = false, ILatchJournal? journal = null) => new(
        settings with
        {
            Ike = settings.Ike with
            {
                QcdSecrets = tokens ? [otherSecrets ? OtherSecret : Secret] : ImmutableArray<SecretBytes>.Empty,
            },
        },
        Standard.Policy(Standard.Service, _nobodies ? [Nobody(AddressOfW), Nobody(AddressOfC)] : []), key, new SimulatedRandom(_lives++), journal)
    {
        Credentials = new[] { AddressOfW, AddressOfC }.Where(_ => _nobodies)
            .ToDictionary(address => $"{address}", address => new PeerCredentials($"{address}", new PeerProof.Null(), new OwnProof.Null())),
        Birth = birth is { } number ? new BirthCertificate(number, digest ?? number, Began: Now) : null,
    };

    private static KnownPeer Nobody(InetAddress address) =>
        new($"{address}", new ProvenName(NameProof.Null, 13, address.ToBytes()).Fingerprint, [InetPrefix.Of(address)]) { ProvesNothing = true };

    private TimeSpan? Next()
    {
        TimeSpan? arrival = _wire.TryPeek(out _, out var due) ? due.Item1 : null;
        return new[] { arrival, W.NextDeadline, C.NextDeadline }.Min();
    }

    private void Drain()
    {
        while (W.TryTakeEffect(out var effect))
        {
            EffectsOfW.Add(effect);
            Carry(effect, to: null);
        }

        while (C.TryTakeEffect(out var effect))
        {
            Carry(effect, to: W);
        }
    }

    /// <param name="to">Null: to C, whichever engine that is on arrival.</param>
    private void Carry(Effect effect, LatchEngine? to)
    {
        if (effect is SendIke datagram && (to is not null || !LostFromW(datagram)))
        {
            _wire.Enqueue((to, datagram), (Now + Delay, _order++));
        }
    }
}
