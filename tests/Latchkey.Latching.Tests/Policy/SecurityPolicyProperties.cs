using System.Collections.Immutable;
using CsCheck;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Latching.Tests;

/// <summary>The SPD against a slow model: for each entry, does the 5-tuple satisfy each of its fields?</summary>
public sealed class SecurityPolicyProperties
{
    private static readonly Gen<InetPrefix?> MaybePrefix = Gen.OneOf(Gen.Const(default(InetPrefix?)), Generators.Prefix.Select(p => (InetPrefix?)p));

    private static readonly Gen<ProtectEntry> Entry = Gen.Select(
        MaybePrefix,
        MaybePrefix,
        Gen.OneOf(Gen.Const(default(IpProtocol?)), Generators.Protocol.Select(p => (IpProtocol?)p)),
        Gen.Select(Generators.Ports, Generators.Ports, (local, remote) => new PortPair(local, remote)).Array[1, 2],
        Gen.Enum<TrustLevel>(),
        (local, remote, protocol, ports, trust) => new ProtectEntry
        {
            Name = "entry",
            Local = local,
            Remote = remote,
            Protocol = protocol,
            Ports = [.. ports],
            Trust = trust,
        });

    private static readonly Gen<SecurityPolicy> Policy = Entry.Array[0, 4].Select(
        entries => new SecurityPolicy([.. entries.Select((entry, i) => entry with { Name = $"entry {i}" })], []));

    [Fact]
    public void The_first_entry_whose_every_field_matches_is_found() =>
        Gen.Select(Policy, Generators.Flow).Sample((policy, flow) =>
            Assert.Equal(policy.Protect.Where(entry => Matches(entry, flow)).Select(e => e.Name).FirstOrDefault(), policy.Find(flow)?.Name));

    [Fact]
    public void Selectors_for_a_flow_cover_it_and_nothing_the_entry_does_not() =>
        Gen.Select(Entry, Generators.Flow, Generators.Flow).Sample((entry, flow, other) =>
        {
            var selectors = entry.SelectorsFor(flow);
            Assert.Equal(Matches(entry, flow), selectors is not null);
            if (selectors is not null)
            {
                Assert.True(selectors.Covers(flow));
                Assert.False(selectors.Covers(other) && !Matches(entry, other));
                Assert.False(selectors.Covers(other) && (other.Local != flow.Local || other.Remote != flow.Remote));
            }
        });

    [Fact]
    public void Selectors_between_two_addresses_cover_exactly_the_entry_s_flows_between_them() =>
        Gen.Select(Entry, Generators.Flow).Sample((entry, flow) =>
            Assert.Equal(
                Matches(entry, flow),
                entry.SelectorsOn(AddressPair.Of(flow)).Any(selectors => selectors.Covers(flow))));

    [Fact]
    public void A_flow_and_its_reverse_are_both_protected_by_an_entry_with_port_on_either_side() =>
        Generators.Flow.Sample(flow =>
        {
            var port = new PortRange(3, 3);
            ImmutableArray<PortPair> either = [new(port, PortRange.Any), new(PortRange.Any, port)];
            var entry = new ProtectEntry { Name = "either", Ports = either };
            Assert.Equal(entry.Covers(flow), entry.Covers(flow.Reversed));
            Assert.Equal(flow.LocalPort == 3 || flow.RemotePort == 3, entry.Covers(flow));
        });

    [Fact]
    public void An_unsaid_disposition_is_close_for_TCP_and_failover_for_what_has_no_reset() =>
        Gen.Select(Entry, Generators.Protocol).Sample((entry, protocol) =>
        {
            Assert.Equal(protocol == IpProtocol.Tcp ? Disposition.Close : Disposition.Failover, entry.DispositionFor(protocol));
            Assert.Equal(Disposition.Wait, (entry with { OnBreak = Disposition.Wait }).DispositionFor(protocol));
        });

    private static bool Matches(ProtectEntry entry, FlowKey flow) =>
        flow.Local.IsV4 == flow.Remote.IsV4
        && (entry.Local is not { } local || local.Contains(flow.Local))
        && (entry.Remote is not { } remote || remote.Contains(flow.Remote))
        && (entry.Protocol is not { } protocol || protocol == flow.Protocol)
        && entry.Ports.Any(pair =>
            flow.LocalPort >= pair.Local.Start && flow.LocalPort <= pair.Local.End
            && flow.RemotePort >= pair.Remote.Start && flow.RemotePort <= pair.Remote.End);
}
