using System.Diagnostics.Metrics;
using Latchkey.Crypto;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Events;
using Latchkey.Daemon.Hosting;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;
using static Latchkey.Daemon.Tests.Events.TwoEngines;

namespace Latchkey.Daemon.Tests.Events;

/// <summary>A peer that proves nothing (RFC 7619) is let in where the PAD says so; its flows are encrypted, never latched, and shown so.</summary>
public sealed class NobodyTests
{
    [Fact]
    public void Its_flow_is_shown_as_not_latched_everywhere()
    {
        using var hosts = new TwoEngines();
        var counted = new Dictionary<string, long>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, listener) => Listen(hosts.I, instrument, listener) };
        listener.SetMeasurementEventCallback<long>((_, by, tags, _) =>
        {
            var state = (string)tags[0].Value!;
            counted[state] = counted.GetValueOrDefault(state) + by;
        });
        listener.Start();
        Allow(hosts.I, "r", AddressOfR);
        Allow(hosts.R, "i", AddressOfI);
        hosts.Connect();

        var latch = Assert.Single(hosts.I.Engine.Latches());
        var report = new ReportBuilder(new DaemonClock()).Latch(latch);
        Assert.Equal(("UNLATCHED", null, "r"), (report.State, report.PeerKey, report.PeerName));
        Assert.False(new ReportBuilder(new DaemonClock()).Connection(latch.Flow, null, false, hosts.I.Engine.Inquire(latch.Flow)).Latched);
        Assert.Contains(hosts.I.Lines, line => line.StartsWith("flow_unlatched", StringComparison.Ordinal) && line.Contains("its peer proved nothing (NULL)", StringComparison.Ordinal));
        Assert.DoesNotContain(hosts.I.Stream.Past(), e => e.Event == "latch_established" || e.State == "ESTABLISHED");
        Assert.Equal(new("UNLATCHED", 1), Assert.Single(counted, c => c.Value > 0));
        Assert.Equal(("null", "NULL"), (Assert.Single(hosts.I.Engine.Peers()).Trust, Assert.Single(hosts.I.Engine.Peers()).Algorithm));
        Assert.True(FlowQuery.TryParse($"tcp {AddressOfI} {AddressOfR}:7000", out var query, out _));
        var sentences = string.Join(' ', FlowExplainer.Explain(query, hosts.I.Engine.Policy, [report], [], LastRefusal.With([AddressOfR], hosts.I.Stream)).Sentences);
        Assert.Contains("never latched", sentences, StringComparison.Ordinal);
        Assert.Contains("not latched: whoever is at \"r\" proved nothing", sentences, StringComparison.Ordinal);
    }

    [Fact]
    public void An_application_that_demands_a_latch_is_refused()
    {
        using var hosts = new TwoEngines();
        Allow(hosts.I, "r", AddressOfR);
        Allow(hosts.R, "i", AddressOfI);
        hosts.Connect(wishes: new FlowWishes { MinimumKeyBits = 128 });
        Assert.Equal(LatchState.Closed, Assert.Single(hosts.I.Engine.Latches()).State);
        Assert.Contains(hosts.I.Lines, line => line.Contains("demands a latch, and the peer proves nothing (NULL)", StringComparison.Ordinal));
    }

    [Fact]
    public void It_is_refused_at_every_address_but_those_of_the_entry()
    {
        using var hosts = new TwoEngines();
        Allow(hosts.I, "r", AddressOfR);
        Allow(hosts.R, "elsewhere", InetAddress.Parse("198.51.100.1"));
        hosts.Connect();
        hosts.R.TellsPeopleOfAll("peer_refused", "nothing at all (NULL)", "auth = \"null\"");
        Assert.Empty(hosts.R.Engine.Peers());
    }

    private static void Listen(Told host, Instrument instrument, MeterListener listener)
    {
        if (instrument.Name == "latchkey.latches" && ReferenceEquals(instrument.Meter.Scope, host.Metrics))
        {
            listener.EnableMeasurementEvents(instrument);
        }
    }

    private static void Allow(Told host, string peer, InetAddress address) => host.Adopt(
        Told.Service with { Trust = TrustLevel.Known },
        [new KnownPeer(peer, new ProvenName(NameProof.Null, 13, "x"u8).Fingerprint, [InetPrefix.Of(address)]) { ProvesNothing = true }],
        new PeerCredentials(peer, new PeerProof.Null(), new OwnProof.Null()));
}
