using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Events;
using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.Reports;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Tests.Control;

/// <summary>A daemon that always has the same things to tell; its reports are the examples in docs/json.md.</summary>
internal sealed class FakeDaemon : IDaemonControl
{
    public static readonly DateTime Noon = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);
    private static readonly KeyFingerprint Ours = new([.. Enumerable.Repeat((byte)1, 32)]);
    private static readonly KeyFingerprint Theirs = new([.. Enumerable.Repeat((byte)2, 32)]);

    public static LatchReport Latch { get; } = new(
        7,
        "ESTABLISHED",
        new("tcp", "192.0.2.1", 7000, "192.0.2.7", 40000),
        "app",
        Theirs.ToString(),
        "r1",
        Ours.ToString(),
        3,
        "AES-GCM-16-256/ESN",
        "transport",
        "close",
        null,
        Noon)
    {
        Owner = new(4711, "server", 1000, 31337),
    };

    public static EventReport Broken { get; } = new(0, "latch_broken", Noon.AddMilliseconds(12.345), "the latch of tcp 192.0.2.1:7000 <-> 192.0.2.7:40000 is BROKEN: another key answers")
    {
        Latch = 7,
        Flow = Latch.Flow,
        State = "BROKEN",
        Reason = "PeerReplaced",
        PeerKey = Theirs.ToString(),
        PeerName = "r1",
        PeerAddress = "192.0.2.7",
        Channel = 3,
    };

    public static EventReport Mismatch { get; } = new(0, "proposal_mismatch", Noon, "192.0.2.9 offers nothing acceptable for its IKE SA")
    {
        PeerAddress = "192.0.2.9",
        Details = ["PRF: offered HMAC-SHA1; configured HMAC-SHA2-512, HMAC-SHA2-384, HMAC-SHA2-256"],
    };

    public static ReloadReport Reloaded { get; } = new(true, "/etc/latchkey/latchkey.toml", [], ["[[protect]] \"app\" is different", "[[peer]] \"r1\" is gone"], 2, 1, 0, 40);

    public static ReloadReport Refused { get; } = Reloaded with
    {
        Reloaded = false,
        Findings = [new("error", "/etc/latchkey/latchkey.toml", 2, 1, "[daemon] has no key 'controll'", "did you mean 'control'?")],
        Changes = [],
        Broken = 0,
        Closed = 0,
        Untouched = 0,
    };

    public ReloadReport Reload { get; set; } = Reloaded;

    public static ConnectionReport Connection { get; } = new(Latch.Flow, "app", true)
    {
        Latch = Latch,
        Local = new IdentityReport(Ours.ToString(), "MCowBQYDK2VwAyEAAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", "Ed25519", null),
        Peer = new IdentityReport(Theirs.ToString(), "MCowBQYDK2VwAyEAAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=", "Ed25519", "r1"),
        Authentication = new AuthenticationReport("digital signature", "known", Noon),
        Quality = new QualityReport("confidentiality and integrity", "transport", "AES-GCM-16-256/ESN", 256, true, false),
        Outer = new OuterReport("192.0.2.1:4500", "192.0.2.7:4500", "udp", "there", "10.0.0.7"),
        ChannelBindings = new ChannelBindingsReport(
            Convert.ToBase64String("x-latchkey-ipsec-end-point:…"u8), Convert.ToBase64String("x-latchkey-ipsec-unique:…"u8)),
    };

    public static ListenerReport Listener { get; } = new(Latch with
    {
        Id = 3,
        State = "LISTENER",
        Flow = new("tcp", "0.0.0.0", 7000, "0.0.0.0", 0),
        PeerKey = null,
        PeerName = null,
        Channel = null,
        Protection = null,
        Mode = null,
    });

    public FakeDaemon() => Alerts = new OwnerAlerts(FakeSockets, TimeProvider.System);

    public EventStream Events { get; } = new();

    public FakeSockets FakeSockets { get; } = new();

    public ISocketOwners Sockets => FakeSockets;

    public OwnerAlerts Alerts { get; }

    /// <summary>What is told of every connection; null: that <see cref="Connection"/> is latched and no other.</summary>
    public ConnectionReport? Answer { get; set; }

    /// <summary>Why nothing is granted; null: everything is.</summary>
    public string? Refusal { get; set; }

    public List<(FlowKey Flow, uint User, bool Held, FlowWishes Wishes)> Granted { get; } = [];

    public List<(ListenerKey Listener, FlowWishes Wishes)> GrantedToListeners { get; } = [];

    public Task<ConnectionReport> ConnectionAsync(FlowKey flow, CancellationToken cancellation) =>
        Task.FromResult(Answer ?? (Latch.Flow.ToKey() == flow ? Connection : new ConnectionReport(FlowReport.From(flow), null, false)));

    public Task<string?> GrantAsync(FlowKey flow, uint user, bool held, FlowWishes wishes, CancellationToken cancellation)
    {
        Granted.Add((flow, user, held, wishes));
        return Task.FromResult(Refusal);
    }

    public Task<ListenerReport?> ListenerAsync(ListenerKey listener, CancellationToken cancellation) => Task.FromResult<ListenerReport?>(Listener);

    public Task<string?> GrantAsync(ListenerKey listener, SocketOwner socket, FlowWishes wishes, CancellationToken cancellation)
    {
        GrantedToListeners.Add((listener, wishes));
        return Task.FromResult(Refusal);
    }

    public Task<IReadOnlyList<(uint Latch, FlowKey Flow)>> LatchedAsync(IReadOnlyList<FlowKey> flows, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<(uint, FlowKey)>>([.. flows.Select(f => (Latch.Id, f))]);

    public List<LatchId> Closed { get; } = [];

    public Task<StatusReport> StatusAsync(CancellationToken cancellation) => Task.FromResult(new StatusReport(
        "0.1.0",
        1234,
        Noon,
        "/etc/latchkey/latchkey.toml",
        Ours.ToString(),
        "user",
        null,
        ["app"],
        1,
        1,
        1,
        1,
        new Dictionary<string, int> { ["ESTABLISHED"] = 2, ["BROKEN"] = 1 },
        new Dictionary<string, long> { ["latch_broken"] = 12 },
        new Dictionary<string, long> { ["malformed"] = 3 },
        0,
        ["the kernel has no inet_diag: latches of sockets that are gone stay until the daemon stops"])
    {
        Ciphers = new("intel-ipsec-mb", "1.3.0", "vaes_avx512"),
        Memory = new(ResidentOctets: 83_886_080, AllocatedOctets: 41_943_040),
        ClearFlows = 1,
        IpsecHosts = 3,
        Tunnels = [new("site", "192.0.2.1", "198.51.100.7", [], ["192.0.2.7", "203.0.113.0/24"], PeerMoves: true) { ProofUntil = Noon.AddHours(6) }],
        ProofUntil = Noon.AddHours(1),
    });

    public Task<LatchesReport> LatchesAsync(CancellationToken cancellation) => Task.FromResult(new LatchesReport([Latch])
    {
        ClearFlows = [new(Latch.Flow with { Remote = "192.0.2.8" }, "app", Noon)],
    });

    public Task<PeersReport> PeersAsync(CancellationToken cancellation) =>
        Task.FromResult(new PeersReport([new(Theirs.ToString(), "r1", "known", "Ed25519", ["192.0.2.7"], 1, 1, 1, Noon) { ProofUntil = Noon.AddHours(1) }],
            [
                new("192.0.2.8", Ours.ToString(), "first-use", Noon.AddDays(-90), Noon, 12),
                new("192.0.2.9", Theirs.ToString(), "pinned", null, null, 0),
            ]));

    public Task<SasReport> SasAsync(CancellationToken cancellation) => Task.FromResult(new SasReport(
    [
        new(
            "ike-1", "established", true, "192.0.2.1:4500", "192.0.2.7:4500", "there", "10.0.0.7", Theirs.ToString(), "AES-GCM-16-256/HMAC-SHA2-512/X25519", "00112233445566aa", "bb00112233445566", Noon,
            [new("child-1", 3, "0x0a0b0c0d", "0x01020304", "AES-GCM-16-256/ESN", "192.0.2.1[tcp/7000] === 192.0.2.7[tcp]", "udp", Noon)])
        {
            ProofUntil = Noon.AddHours(1),
            OwnProofUntil = Noon.AddHours(24),
        },
    ]));

    public Task<FingerprintReport?> FingerprintAsync(string? peer, CancellationToken cancellation) => Task.FromResult(peer switch
    {
        null => FingerprintReport.Of(null, Ours),
        "r1" => FingerprintReport.Of("r1", Theirs),
        _ => null,
    });

    public Task<ExplainReport> ExplainAsync(FlowQuery query, CancellationToken cancellation)
    {
        var configuration = ConfigurationReader.Read("[[protect]]\nname = \"app\"\nprotocol = \"tcp\"\nport = 7000\ntrust = \"anyone\"\n", "f").Configuration!;
        return Task.FromResult(FlowExplainer.Explain(query, configuration.Policy, [Latch], []));
    }

    public Task<ReloadReport> ReloadAsync(CancellationToken cancellation) => Task.FromResult(Reload);

    public Task<bool> CloseLatchAsync(LatchId latch, CancellationToken cancellation)
    {
        Closed.Add(latch);
        return Task.FromResult(latch.Value == Latch.Id);
    }

    /// <summary>One key is in use wherever one asks.</summary>
    public Task<PinChangeReport> PinAsync(InetAddress address, KeyFingerprint? key, bool close, CancellationToken cancellation) => key is { } other && other != Theirs && !close
        ? throw new RefusedException($"{address} is in use by another key", "add --close")
        : Task.FromResult(new PinChangeReport(address.ToString(), (key ?? Theirs).ToString(), close ? 1 : 0, $"{key ?? Theirs} is pinned to {address} by a person; no other key is let in there"));

    public Task<PinChangeReport> UnpinAsync(InetAddress address, CancellationToken cancellation) =>
        throw new RefusedException($"no key is pinned to {address}", "see 'latchkey peers'");

    public Task<PinChangeReport> ForgetAsync(InetAddress address, CancellationToken cancellation) =>
        Task.FromResult(new PinChangeReport(address.ToString(), null, 0, $"everything known of {address} is forgotten"));
}
