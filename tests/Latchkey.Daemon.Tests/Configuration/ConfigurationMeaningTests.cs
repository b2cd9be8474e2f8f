using CsCheck;
using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Hosting;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Configuration;

/// <summary>What a right configuration means.</summary>
public class ConfigurationMeaningTests
{
    private const string Key1 = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    [Fact]
    public void An_empty_file_means_the_defaults_and_warns_that_nothing_is_protected()
    {
        var result = ConfigurationReader.Read("", "f");

        Assert.Equal(new DaemonSettings(), result.Configuration?.Settings);
        Assert.Contains("nothing is protected", Assert.Single(result.Warnings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_key_file_is_relative_to_the_state_directory()
    {
        Assert.Equal("/s/k.pem", Read("[daemon]\nstate = \"/s\"\n[identity]\nkey_file = \"k.pem\"\n").Settings.KeyFile);
        Assert.Equal("/k.pem", Read("[daemon]\nstate = \"/s\"\n[identity]\nkey_file = \"/k.pem\"\n").Settings.KeyFile);
    }

    [Fact]
    public void Port_means_either_side()
    {
        var entry = Entry("port = 179\n");

        Assert.True(entry.Covers(Flow(179, 40000)));
        Assert.True(entry.Covers(Flow(40000, 179)));
        Assert.False(entry.Covers(Flow(40000, 40001)));
        Assert.Equal(2, entry.Ports.Length);
    }

    [Fact]
    public void A_tunnel_has_inner_addresses_and_two_ends()
    {
        var entry = Entry("mode = \"tunnel\"\nlocal = \"10.1.0.1\"\nremote = \"10.2.0.0/16\"\nouter_local = \"192.0.2.1\"\nouter_remote = \"192.0.2.7\"\n");

        Assert.Equal((SaMode.Tunnel, new AddressPair(InetAddress.Parse("192.0.2.1"), InetAddress.Parse("192.0.2.7"))), (entry.Mode, entry.Tunnel!.Value));
        Assert.Contains("in a tunnel from 192.0.2.1 to 192.0.2.7", PolicyExplanation.Of(entry), StringComparison.Ordinal);
        Assert.Equal(SaMode.Transport, Entry("mode = \"transport\"\n").Mode);
    }

    [Fact]
    public void What_a_gateway_forwards_is_protected_when_the_entry_says_so()
    {
        const string Tunnel = "mode = \"tunnel\"\nlocal = \"10.1.0.0/16\"\nremote = \"10.2.0.0/16\"\nouter_local = \"192.0.2.1\"\nouter_remote = \"192.0.2.7\"\n";

        Assert.Null(Entry(Tunnel).Forwarding);
        Assert.Null(Entry(Tunnel + "forward = false\n").Forwarding);
        Assert.Equal(new Forwarding(65_536, TimeSpan.FromMinutes(124), TimeSpan.FromMinutes(5)), Entry(Tunnel + "forward = true\n").Forwarding);
        var entry = Entry(Tunnel + "forward = true\nforward_flows = 100\nforward_tcp_idle = \"1h\"\nforward_idle = \"30s\"\n");
        Assert.Equal(new Forwarding(100, TimeSpan.FromHours(1), TimeSpan.FromSeconds(30)), entry.Forwarding);
        Assert.Contains("also what this host forwards between them", PolicyExplanation.Of(entry), StringComparison.Ordinal);
        Assert.Contains("at most 100 are latched at once", PolicyExplanation.Of(entry), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tunnel_whose_ends_are_lists_may_move_between_them()
    {
        var entry = Entry("mode = \"tunnel\"\nlocal = \"10.1.0.1\"\nremote = \"10.2.0.0/16\"\nouter_local = [\"192.0.2.1\", \"198.51.100.1\"]\nouter_remote = [\"192.0.2.7\", \"203.0.113.0/24\", \"any\"]\n");

        Assert.Equal(new AddressPair(InetAddress.Parse("192.0.2.1"), InetAddress.Parse("192.0.2.7")) { Moves = true }, entry.Tunnel);
        Assert.Equal([InetAddress.Parse("198.51.100.1")], entry.OtherLocal);
        Assert.Equal(["203.0.113.0/24", "0.0.0.0/0"], entry.OtherRemote.Select(prefix => prefix.ToString()));
        Assert.True(entry.MayBeBetween(new AddressPair(InetAddress.Parse("198.51.100.1"), InetAddress.Parse("8.8.8.8"))));
        Assert.False(entry.MayBeBetween(new AddressPair(InetAddress.Parse("198.51.100.2"), InetAddress.Parse("192.0.2.7"))));
        Assert.Contains("from 192.0.2.1 (or 198.51.100.1) to 192.0.2.7 (or 203.0.113.0/24, 0.0.0.0/0)", PolicyExplanation.Of(entry), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tunnel_may_move_between_the_families()
    {
        var entry = Entry("mode = \"tunnel\"\nlocal = \"10.1.0.1\"\nremote = \"10.2.0.0/16\"\nouter_local = [\"192.0.2.1\", \"2001:db8::1\"]\nouter_remote = [\"192.0.2.7\", \"2001:db8::/32\"]\n");

        Assert.True(entry.MayBeBetween(new AddressPair(InetAddress.Parse("2001:db8::1"), InetAddress.Parse("2001:db8::7"))));
        Assert.False(entry.MayBeBetween(new AddressPair(InetAddress.Parse("192.0.2.1"), InetAddress.Parse("2001:db8::7"))));
    }

    [Theory]
    [InlineData("anyone", 1)]
    [InlineData("first-use", 0)]
    public void A_tunnel_that_anyone_may_have_from_anywhere_is_warned_of(string trust, int warnings) => Assert.Equal(
        warnings,
        ConfigurationReader.Read(
            $"[[protect]]\nname = \"a\"\nprotocol = \"any\"\nmode = \"tunnel\"\nlocal = \"10.1.0.1\"\nremote = \"10.2.0.0/16\"\nouter_local = \"192.0.2.1\"\nouter_remote = [\"192.0.2.7\", \"any\"]\ntrust = \"{trust}\"\n", "f")
            .Warnings.Count(w => w.Message.Contains("any of the addresses that its tunnel's other end may have", StringComparison.Ordinal)));

    [Fact]
    public void Tunnels_that_begin_alike_may_move_alike()
    {
        static string One(string name, string inside, string other) =>
            $"[[protect]]\nname = \"{name}\"\nprotocol = \"any\"\nmode = \"tunnel\"\nlocal = \"10.1.0.1\"\nremote = \"{inside}\"\nouter_local = \"192.0.2.1\"\nouter_remote = [\"192.0.2.7\", \"{other}\"]\n";

        Assert.Empty(ConfigurationReader.Read(One("a", "10.2.0.1", "192.0.2.8") + One("b", "10.2.0.2", "192.0.2.8"), "f").Errors);
        Assert.Contains("may move to different ones", Assert.Single(ConfigurationReader.Read(One("a", "10.2.0.1", "192.0.2.8") + One("b", "10.2.0.2", "192.0.2.9"), "f").Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_of_one_address_is_that_address() =>
        Assert.False(Entry("mode = \"tunnel\"\nlocal = \"10.1.0.1\"\nremote = \"10.2.0.0/16\"\nouter_local = [\"192.0.2.1\"]\nouter_remote = [\"192.0.2.7\"]\n").Tunnel!.Value.Moves);

    [Fact]
    public void Ports_are_numbers_ranges_or_any()
    {
        Assert.Equal([new PortPair(new(80, 80), PortRange.Any)], Entry("local_port = 80\n").Ports);
        Assert.Equal([new PortPair(PortRange.Any, new(8000, 8099))], Entry("remote_port = \"8000-8099\"\n").Ports);
        Assert.Equal([PortPair.Any], Entry("local_port = \"any\"\nremote_port = \"any\"\n").Ports);
    }

    [Fact]
    public void Q7_Quick_crash_detection_is_on_and_can_be_switched_off()
    {
        Assert.True(Read("").Settings.QuickCrashDetection);
        Assert.False(Read("[ike]\nquick_crash_detection = false\n").Settings.QuickCrashDetection);
    }

    [Fact]
    public void Birth_certificates_are_shown_unless_switched_off()
    {
        Assert.True(Read("").Settings.BirthCertificates);
        Assert.False(Read("[ike]\nbirth_certificates = false\n").Settings.BirthCertificates);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("foreign_initial_contact = \"break\"", true)]
    [InlineData("foreign_initial_contact = \"keep\"", false)]
    public void INITIAL_CONTACT_of_foreign_peers_breaks_unless_told_otherwise(string key, bool breaks)
    {
        var settings = Read($"[ike]\n{key}\n").Settings;
        Assert.Equal((breaks, breaks), (settings.BreakOnForeignInitialContact, EngineConfiguration.Of(settings, []).BreakOnForeignInitialContact));
    }

    [Fact]
    public void Lifetimes_are_written_with_their_unit()
    {
        var settings = Read("[ike]\nike_lifetime = \"90m\"\nchild_lifetime = \"30s\"\ngive_up_after = \"20s\"\n").Settings;

        Assert.Equal(
            (TimeSpan.FromMinutes(90), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(20)), (settings.IkeLifetime, settings.ChildLifetime, settings.GiveUpAfter));
    }

    [Fact]
    public void Nobody_proves_himself_anew_unless_a_lifetime_is_written_down()
    {
        Assert.Null(EngineConfiguration.Of(Read("[ike]\n").Settings, []).Ike.AuthenticationLifetime);
        Assert.Equal(TimeSpan.FromHours(8), EngineConfiguration.Of(Read("[ike]\nauthentication_lifetime = \"8h\"\n").Settings, []).Ike.AuthenticationLifetime);
    }

    [Fact]
    public void Keys_are_exported_only_when_asked() => Assert.Null(Read("[debug]\n").Settings.KeyExportDirectory);

    [Fact]
    public void Reactions_and_dispositions_are_what_the_entry_says()
    {
        var entry = Entry("on_break = \"wait\"\non_silence = \"close\"\nencapsulation = \"esp\"\nlocal = \"2001:db8::1\"\n");

        Assert.Equal(
            (Disposition.Wait, Reaction.Close, EncapsulationChoice.Esp, InetPrefix.Of(InetAddress.Parse("2001:db8::1"))),
            (entry.OnBreak, entry.OnSilence, entry.Encapsulation, entry.Local));
    }

    [Fact]
    public void B13_Hosts_are_reached_in_clear_only_where_the_entry_says_so_and_the_risk_is_explained()
    {
        Assert.False(Entry("").ClearUntilIpsec);
        Assert.False(Entry("clear = \"never\"\n").ClearUntilIpsec);
        Assert.DoesNotContain("clear", PolicyExplanation.Of(Entry("")), StringComparison.Ordinal);
        var entry = Entry("clear = \"until-ipsec\"\n");
        Assert.True(entry.ClearUntilIpsec);
        Assert.Contains("whoever can keep this host's IKE (UDP 500 and 4500) from a host it never met reads and changes", PolicyExplanation.Of(entry), StringComparison.Ordinal);
    }

    [Fact]
    public void Key_exchanges_are_chosen_and_ML_KEM_stands_beside_them_unless_it_is_switched_off()
    {
        var both = Proposals.Ike(Read("[ike]\nkey_exchange = [\"ecp384\"]\npost_quantum = [\"mlkem1024\", \"mlkem768\"]\n").Settings);
        Assert.Equal([["ML-KEM-1024", "ML-KEM-768"], []], both.Select(p => p.AdditionalKeyExchange.Select(k => k.Name)));
        Assert.All(both, p => Assert.Equal("ECP-384", Assert.Single(p.KeyExchange).Name));
        Assert.Empty(Assert.Single(Proposals.Ike(Read("[ike]\npost_quantum = []\n").Settings)).AdditionalKeyExchange);
        Assert.Equal("ML-KEM-768", Assert.Single(Proposals.Ike(Read("").Settings)[0].AdditionalKeyExchange).Name);
    }

    [Fact]
    public void A_peer_may_be_let_in_without_any_proof_only_where_the_file_says_so()
    {
        var configuration = Read("[[protect]]\nname = \"a\"\nprotocol = \"tcp\"\nport = 7\ntrust = \"known\"\n[[peer]]\nname = \"n\"\nauth = \"null\"\naddresses = [\"192.0.2.0/24\"]\n");
        Assert.True(Assert.Single(configuration.Policy.Peers).ProvesNothing);
        Assert.Contains(PolicyExplanation.Of(configuration), s => s.Contains("need prove nothing", StringComparison.Ordinal));
        Assert.False(Assert.Single(Read($"[[protect]]\nname = \"a\"\nprotocol = \"tcp\"\nport = 7\n[[peer]]\nname = \"n\"\nkey = \"{Key1}\"\nlocal_auth = \"null\"\naddresses = [\"192.0.2.0/24\"]\n").Policy.Peers).ProvesNothing);
    }

    [Fact]
    public void Ciphers_for_old_peers_are_there_only_where_they_are_named_and_are_warned_of()
    {
        Assert.DoesNotContain(Proposals.Ike(new DaemonSettings()).SelectMany(p => p.Encryption).Concat(Proposals.Esp(new DaemonSettings()).SelectMany(p => p.Encryption)), Algorithms.OldCiphers.Contains);
        var named = Proposals.Ike(Read("[ike]\nike = [\"aes256gcm16\", \"aes128-sha384\"]\npost_quantum = []\n").Settings);
        Assert.Equal([["AES-GCM-16-256"], ["AES-CBC-128/HMAC-SHA2-384-192"]], named.Select(p => p.Encryption.Select(cipher => cipher.Name)));
        var result = ConfigurationReader.Read("[[protect]]\nname = \"old\"\nprotocol = \"tcp\"\nport = 7\nesp = [\"aes256ccm16\"]\n", "f");
        Assert.Equal("AES-CCM-16-256", Assert.Single(Assert.Single(result.Configuration!.Policy.Protect).Encryption).Name);
        Assert.Contains(result.Findings, f => f.Kind == FindingKind.Warning && f.Message.Contains("aes256ccm16, for old peers", StringComparison.Ordinal));
    }

    [Fact]
    public void An_entry_may_demand_ciphers_and_says_so()
    {
        var entry = Entry("esp = [\"chacha20poly1305\", \"aes256gcm16\"]\n");
        Assert.Equal(["ChaCha20-Poly1305", "AES-GCM-16-256"], entry.Encryption.Select(cipher => cipher.Name));
        Assert.Contains("ChaCha20-Poly1305 or AES-GCM-16-256 and nothing else", PolicyExplanation.Of(entry));
        Assert.Empty(Entry("").Encryption);
    }

    [Fact]
    public void Entries_of_different_families_do_not_overlap()
    {
        var result = ConfigurationReader.Read(
            """
            [[protect]]
            name = "v4"
            remote = "0.0.0.0/0"
            protocol = "tcp"
            port = 179
            trust = "anyone"
            [[protect]]
            name = "v6"
            remote = "::/0"
            protocol = "tcp"
            port = 179
            trust = "anyone"
            """,
            "f");

        Assert.Empty(result.Errors);
    }

    /// <summary>Overlap is decided from the entries alone; the slow and obvious model tries every flow of a small world.</summary>
    [Fact]
    public void Overlap_is_found_exactly_when_some_flow_matches_both()
    {
        var range = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3], (a, b) => new PortRange((ushort)Math.Min(a, b), (ushort)Math.Max(a, b)));
        var prefix = Gen.Select(Gen.Int[0, 3], Gen.Int[30, 32], Gen.Bool, (n, length, any) =>
            any ? (InetPrefix?)null : new InetPrefix(InetAddress.FromV4((uint)n & ~((1u << (32 - length)) - 1)), length));
        var protocol = Gen.Int[0, 2].Select(i => new IpProtocol?[] { IpProtocol.Tcp, IpProtocol.Udp, null }[i]);
        var entry = Gen.Select(prefix, prefix, protocol, Gen.Select(range, range, (l, r) => new PortPair(l, r)).Array[1, 2], (local, remote, p, ports) =>
            new ProtectEntry { Name = "e", Local = local, Remote = remote, Protocol = p, Ports = [.. ports] });

        Gen.Select(entry, entry).Sample((a, b) => PolicyChecks.Overlap(a, b) == SmallWorld().Any(f => a.Covers(f) && b.Covers(f)), iter: 300);
    }

    [Theory]
    [InlineData("", TrustLevel.FirstUse)]
    [InlineData("trust = \"first-use\"\n", TrustLevel.FirstUse)]
    [InlineData("trust = \"anyone\"\n", TrustLevel.Anyone)]
    [InlineData("trust = \"known\"\n", TrustLevel.Known)]
    public void Trust_is_first_use_unless_something_else_is_said(string line, TrustLevel trust) =>
        Assert.Equal(trust, Assert.Single(Read("[[protect]]\nname = \"a\"\nprotocol = \"tcp\"\nport = 7000\n" + line).Policy.Protect).Trust);

    [Theory]
    [InlineData("protocol = \"any\"\ntrust = \"anyone\"\n", "", "every protocol")]
    [InlineData("protocol = \"tcp\"\ntrust = \"anyone\"\n", "", "ssh")]
    [InlineData("protocol = \"tcp\"\nport = \"1-1024\"\nremote = \"192.0.2.0/24\"\ntrust = \"anyone\"\n", "", "ssh with 192.0.2.0/24")]
    [InlineData("protocol = \"tcp\"\nport = 179\ntrust = \"known\"\n", "", "nobody can connect")]
    [InlineData("protocol = \"tcp\"\nport = 179\ntrust = \"anyone\"\n", "192.0.2.7", "known peers (r1)")]
    [InlineData("protocol = \"tcp\"\nport = 179\ntrust = \"anyone\"\n", "", "BGP")]
    [InlineData("protocol = \"tcp\"\nremote_port = 179\nremote = \"192.0.2.0/24\"\ntrust = \"anyone\"\n", "192.0.2.7", "BGP")]
    [InlineData("protocol = \"tcp\"\nport = 179\nremote = \"198.51.100.0/24\"\ntrust = \"anyone\"\n", "192.0.2.7", "nothing with it is protected")]
    [InlineData("protocol = \"tcp\"\nport = 7000\ntrust = \"anyone\"\non_policy_change = \"keep\"\n", "", "when a later policy forbids them")]
    public void A_surprising_policy_is_warned_of(string entry, string peerAddress, string warning)
    {
        var peer = peerAddress.Length == 0 ? "" : $"[[peer]]\nname = \"r1\"\nkey = \"{Key1}\"\naddresses = [\"{peerAddress}\"]\n";
        var result = ConfigurationReader.Read("[[protect]]\nname = \"e\"\n" + entry + peer, "f");

        Assert.NotNull(result.Configuration);
        Assert.Contains(result.Warnings, w => w.Message.Contains(warning, StringComparison.Ordinal));
    }

    [Fact]
    public void L29_L30_A_change_of_policy_breaks_unless_the_entry_says_keep()
    {
        Assert.Equal(PolicyChangeReaction.Break, Entry("").OnPolicyChange);
        Assert.Equal(PolicyChangeReaction.Keep, Entry("on_policy_change = \"keep\"\n").OnPolicyChange);
    }

    [Fact]
    public void A_narrow_entry_is_not_warned_of() =>
        Assert.Empty(ConfigurationReader.Read("[[protect]]\nname = \"e\"\nprotocol = \"tcp\"\nport = 7000\ntrust = \"anyone\"\n", "f").Findings);

    [Fact]
    public void A_router_whose_address_a_known_peer_owns_is_not_warned_of() =>
        Assert.DoesNotContain(
            ConfigurationReader.Read($"[[protect]]\nname = \"e\"\nprotocol = \"tcp\"\nport = 179\nremote = \"192.0.2.7\"\ntrust = \"anyone\"\n[[peer]]\nname = \"r1\"\nkey = \"{Key1}\"\naddresses = [\"192.0.2.0/24\"]\n", "f").Warnings,
            warning => warning.Message.Contains("BGP", StringComparison.Ordinal));

    /// <summary>Whatever is in the file, the answer is a result: never an exception, and never both or neither of configuration and error.</summary>
    [Fact]
    public void Hostile_text_is_answered_with_findings()
    {
        string[] pieces =
        [
            "[daemon]\n", "[[protect]]\n", "[[peer]]\n", "name = ", "port = ", "\"a\"", "\n", "=", "[", "]", "{", "}", "'", "\"\"\"", "0x", "1979-05-27",
            "#", "\\u0000", "\0", "addresses = [", ",",
        ];
        var fragment = Gen.OneOf(Gen.Int[0, pieces.Length - 1].Select(i => pieces[i]), Gen.String[0, 8]);

        fragment.Array[0, 12].Select(string.Concat).Sample(text =>
        {
            var result = ConfigurationReader.Read(text, "f");
            return (result.Configuration is null) == result.Errors.Any();
        });
    }

    private static IEnumerable<FlowKey> SmallWorld() =>
        from protocol in new[] { IpProtocol.Tcp, IpProtocol.Udp }
        from local in Enumerable.Range(0, 4)
        from remote in Enumerable.Range(0, 4)
        from localPort in Enumerable.Range(0, 4)
        from remotePort in Enumerable.Range(0, 4)
        select new FlowKey(protocol, InetAddress.FromV4((uint)local), (ushort)localPort, InetAddress.FromV4((uint)remote), (ushort)remotePort);

    private static FlowKey Flow(ushort local, ushort remote) =>
        new(IpProtocol.Tcp, InetAddress.Parse("10.0.0.1"), local, InetAddress.Parse("10.0.0.2"), remote);

    private static ProtectEntry Entry(string keys) =>
        Assert.Single(Read("[[protect]]\nname = \"a\"\nprotocol = \"tcp\"\ntrust = \"anyone\"\n" + keys).Policy.Protect);

    private static DaemonConfiguration Read(string text)
    {
        var result = ConfigurationReader.Read(text, "f");
        Assert.Empty(result.Errors);
        return result.Configuration!;
    }
}
