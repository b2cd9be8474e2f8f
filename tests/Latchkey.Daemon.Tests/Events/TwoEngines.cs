using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Events;
using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.Logging;
using Latchkey.Engine;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Latchkey.Daemon.Tests.Events;

/// <summary>Two hosts from their configurations: I, which begins, and R, which answers; and all that their people are told.</summary>
internal sealed class TwoEngines : IDisposable
{
    public static readonly InetAddress AddressOfI = InetAddress.Parse("192.0.2.1");
    public static readonly InetAddress AddressOfR = InetAddress.Parse("192.0.2.2");

    public TwoEngines(Func<IkeSettings, IkeSettings>? ofI = null, Func<IkeSettings, IkeSettings>? ofR = null)
    {
        I = new Told(AddressOfI, 1, ofI ?? (settings => settings));
        R = new Told(AddressOfR, 2, ofR ?? (settings => settings));
    }

    public Told I { get; }

    public Told R { get; }

    /// <summary>An application of I connects to R's port.</summary>
    /// <param name="tap">Sees what travels and may change it.</param>
    public void Connect(ushort port = 7000, Func<byte[], byte[]>? tap = null, FlowWishes? wishes = null)
    {
        var now = TimeSpan.FromSeconds(1);
        I.Engine.HandleOutboundFlow(now, new FlowKey(IpProtocol.Tcp, AddressOfI, 40000, AddressOfR, port), wishes ?? FlowWishes.None);
        bool moved;
        do
        {
            moved = Carry(now, I, R, tap) | Carry(now, R, I, tap);
        }
        while (moved);
    }

    public void Dispose()
    {
        I.Dispose();
        R.Dispose();
    }

    private static bool Carry(TimeSpan now, Told from, Told to, Func<byte[], byte[]>? tap)
    {
        var moved = false;
        while (from.Engine.TryTakeEffect(out var effect))
        {
            moved = true;
            if (effect is SendIke datagram)
            {
                to.Engine.HandleIkeDatagram(now, datagram.Remote, datagram.Local, tap?.Invoke(datagram.Message) ?? datagram.Message);
            }
            else if (effect is Raise raised)
            {
                from.Recorder.Record(raised.Event);
            }
        }

        return moved;
    }

    /// <summary>One host and what it tells.</summary>
    internal sealed class Told : IDisposable, ILogger
    {
        private readonly InetAddress _address;
        private readonly SigningKey _key;

        public Told(InetAddress address, byte number, Func<IkeSettings, IkeSettings> settings)
        {
            _address = address;
            _key = SigningKey.Generate(new Numbered(number));
            Engine = new LatchEngine(
                new EngineSettings { Ike = settings(new IkeSettings { IkeProposals = Proposals.Ike(new DaemonSettings()), EspProposals = Proposals.Esp(new DaemonSettings()) }) },
                new SecurityPolicy([Service], []), _key, new Numbered((byte)(number + 100)));
            Recorder = new EventRecorder(Stream, new ReportBuilder(new DaemonClock()), Metrics, this);
        }

        public static ProtectEntry Service { get; } = new()
        {
            Name = "app",
            Protocol = IpProtocol.Tcp,
            Ports = [new PortPair(PortRange.Any, new PortRange(7000, 7000)), new PortPair(new PortRange(7000, 7000), PortRange.Any)],
            Trust = TrustLevel.Anyone,
        };

        public LatchEngine Engine { get; }

        public EventRecorder Recorder { get; }

        public EventStream Stream { get; } = new();

        public DaemonMetrics Metrics { get; } = new();

        public List<string> Lines { get; } = [];

        public KeyFingerprint Key => _key.Public.Fingerprint;

        public void Adopt(ProtectEntry entry, ImmutableArray<KnownPeer> peers = default, PeerCredentials? credentials = null)
        {
            Engine.ChangePolicy(TimeSpan.FromSeconds(1), new SecurityPolicy([entry], peers.IsDefault ? [] : peers));
            if (credentials is not null)
            {
                Engine.Credentials = ImmutableDictionary<string, PeerCredentials>.Empty.Add(credentials.Peer, credentials);
            }
        }

        /// <summary>All of these stand in one line of the log, in one event, and in what explain says of the flow.</summary>
        public void TellsPeopleOfAll(string kind, params string[] facts)
        {
            var remote = _address == AddressOfI ? AddressOfR : AddressOfI;
            var events = Stream.Past().Where(e => e.Event == kind).ToList();
            Assert.True(events.Exists(e => facts.All(fact => Whole(e.Text, e.Details).Contains(fact, StringComparison.Ordinal))), $"no event {kind} says all of it: {string.Join('\n', events.Select(e => Whole(e.Text, e.Details)))}\n{string.Join('\n', Lines)}");
            Assert.Contains(Lines, line => line.StartsWith(kind, StringComparison.Ordinal) && facts.All(fact => line.Contains(fact, StringComparison.Ordinal)));
            Assert.True(FlowQuery.TryParse($"tcp {_address}:7000 {remote}", out var query, out _));
            var sentences = string.Join('\n', FlowExplainer.Explain(query, Engine.Policy, [], [], LastRefusal.With([remote], Stream)).Sentences);
            Assert.All(facts, fact => Assert.Contains(fact, sentences, StringComparison.Ordinal));
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add(formatter(state, exception));

        public void Dispose()
        {
            Engine.Dispose();
            Metrics.Dispose();
            _key.Dispose();
        }

        private static string Whole(string text, IReadOnlyList<string>? details) => string.Join('\n', (details ?? []).Prepend(text));
    }

    private sealed class Numbered(byte number) : IRandomSource
    {
        private readonly Random _random = new(number);

        public void Fill(Span<byte> destination) => _random.NextBytes(destination);
    }
}
