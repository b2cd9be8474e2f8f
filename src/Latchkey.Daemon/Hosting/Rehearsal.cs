using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>
/// Before the daemon touches the host it plays to itself, in memory and virtual time, the story it exists for: C talks
/// to W and vanishes, D answers at C's address with another key, W's latch breaks before D's SA is installed.
/// </summary>
/// <remarks>
/// A self-test of cryptography, IKE and latching together. And a warm-up: whatever runs here is compiled when the first
/// peer comes. Without it the first measured round trip would contain the compiler's work, and probes are spaced by
/// measured round trips: the first break would be noticed a second late.
/// </remarks>
internal sealed class Rehearsal
{
    private static readonly InetAddress AddressOfW = InetAddress.Parse("192.0.2.1");
    private static readonly InetAddress AddressOfC = InetAddress.Parse("192.0.2.7");
    private static readonly FlowKey FlowOfC = new(IpProtocol.Tcp, AddressOfC, 40000, AddressOfW, 7000);
    private static readonly FlowKey FlowOfD = FlowOfC with { LocalPort = 40001 };
    private static readonly TimeSpan Hop = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Curtain = TimeSpan.FromSeconds(30);

    private readonly EngineSettings _settings;
    private readonly Queue<SendIke> _wire = new();
    private readonly List<Effect> _seenByW = [];
    private TimeSpan _now;

    private Rehearsal(EngineSettings settings) => _settings = settings;

    /// <exception cref="StartupException">The story ended otherwise: this build must not guard anything on this machine.</exception>
    public static void Play(EngineSettings settings) => new Rehearsal(settings).Play();

    private void Play()
    {
        using var keyOfW = SigningKey.Generate(SystemRandom.Instance);
        using var keyOfC = SigningKey.Generate(SystemRandom.Instance);
        using var keyOfD = SigningKey.Generate(SystemRandom.Instance);
        using var w = NewEngine(keyOfW);
        using var c = NewEngine(keyOfC);
        using var d = NewEngine(keyOfD);

        c.HandleOutboundFlow(_now, FlowOfC);
        Perform(w, c, until: () => InstalledInbound() is not null);
        var sa = InstalledInbound() ?? throw Failed("C and W agree on no SA");
        w.HandleInboundFlow(_now, FlowOfC.Reversed, sa.Channel, sa.Spi);
        Perform(w, c, until: () => _seenByW.OfType<BindFlow>().Any());

        _seenByW.Clear();
        d.HandleOutboundFlow(_now, FlowOfD);
        Perform(w, d, until: () => InstalledInbound() is not null);

        var block = _seenByW.FindIndex(e => e is BlockFlow { Flow: var flow } && flow == FlowOfC.Reversed);
        var notify = _seenByW.FindIndex(e => e is NotifyFlow { Flow: var flow } && flow == FlowOfC.Reversed);
        var install = _seenByW.FindIndex(e => e is InstallSa);
        if (block < 0 || notify < block || install < notify)
        {
            throw Failed("the latch of a replaced peer does not break before its successor is accepted");
        }
    }

    private LatchEngine NewEngine(SigningKey key)
    {
        var entry = new ProtectEntry { Name = "rehearsal", Protocol = IpProtocol.Tcp, Trust = TrustLevel.Anyone };
        return new(_settings with { Ike = _settings.Ike with { ExportKeys = false } }, new SecurityPolicy([entry], []), key, SystemRandom.Instance);
    }

    /// <summary>Carries messages between W and whoever has C's address, and lets time pass when there are none.</summary>
    private void Perform(LatchEngine w, LatchEngine other, Func<bool> until)
    {
        while (true)
        {
            Collect(w, _seenByW);
            Collect(other, seen: null);
            if (until())
            {
                return;
            }

            if (_wire.TryDequeue(out var message))
            {
                _now += Hop;
                (message.Remote.Address == AddressOfW ? w : other).HandleIkeDatagram(_now, message.Remote, message.Local, message.Message);
            }
            else
            {
                LetTimePass(w, other);
            }
        }
    }

    private void LetTimePass(LatchEngine w, LatchEngine other)
    {
        var next = new[] { w.NextDeadline, other.NextDeadline }.Min();
        if (next is not { } deadline || deadline > Curtain)
        {
            throw Failed("two hosts in memory do not come to terms");
        }

        _now = deadline > _now ? deadline : _now;
        w.HandleDeadline(_now);
        other.HandleDeadline(_now);
    }

    private void Collect(LatchEngine engine, List<Effect>? seen)
    {
        while (engine.TryTakeEffect(out var effect))
        {
            if (effect is SendIke send)
            {
                _wire.Enqueue(send);
            }
            else if (effect is InstallSa install)
            {
                install.Sa.KeyMaterial.Dispose();
            }

            seen?.Add(effect);
        }
    }

    private EspSa? InstalledInbound() => _seenByW.OfType<InstallSa>().FirstOrDefault(i => i.Sa.Direction == SaDirection.Inbound)?.Sa;

    private static StartupException Failed(string what) =>
        new($"the self-test failed: {what}", "this program does not work on this machine; nothing was changed. Build it anew, or use another version");
}
