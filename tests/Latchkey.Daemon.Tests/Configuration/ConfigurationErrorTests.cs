using Latchkey.Daemon.Configuration;
using Xunit;

namespace Latchkey.Daemon.Tests.Configuration;

/// <summary>Every mistake is an error with file, line, column, what is wrong and what to do; nothing is ignored.</summary>
public class ConfigurationErrorTests
{
    private const string Entry = "[[protect]]\nname = \"a\"\nprotocol = \"tcp\"\ntrust = \"anyone\"\n";
    private const string Tunnel = Entry + "mode = \"tunnel\"\nlocal = \"10.1.0.1\"\nremote = \"10.2.0.0/16\"\nouter_local = \"192.0.2.1\"\nouter_remote = \"192.0.2.7\"\n";
    private const string Key1 = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    private const string Key2 = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE";

    public static TheoryData<string, int, int, string, string> Mistakes => new()
    {
        // Not TOML, or not this file's TOML.
        { "[daemon\n", 1, 8, "not TOML", "docs/configuration.md" },
        { "control = \"/x\"\n", 1, 1, "'control' stands in no section", "[daemon]" },
        { "[deamon]\n", 1, 1, "no section [deamon]", "did you mean 'daemon'?" },
        { "[protect]\n", 1, 1, "no section [protect]", "write [[protect]]" },
        { "[[daemon]]\n", 1, 1, "no section [[daemon]]", "write [daemon]" },
        { "[nonsense]\n", 1, 1, "no section [nonsense]", "the sections are" },
        { "[daemon]\n[daemon]\n", 2, 1, "[daemon] stands twice; the first is on line 1", "one header" },

        // [daemon], [identity], [ike], [debug].
        { "[daemon]\ncontroll = \"/x\"\n", 2, 1, "[daemon] has no key 'controll'", "did you mean 'control'?" },
        { "[daemon]\nfrobnicate = 1\n", 2, 1, "[daemon] has no key 'frobnicate'", "control, state" },
        { "[daemon]\ncontrol = \"/a\"\ncontrol = \"/b\"\n", 3, 1, "'control' is given twice", "keep one" },
        { "[daemon]\ncontrol = 5\n", 2, 11, "'control' must be an absolute path, not 5", "control = " },
        { "[daemon]\n  control =   \"run/x\"\n", 2, 15, "must be an absolute path, not \"run/x\"", "control = " },
        { $"[daemon]\ncontrol = \"/{new string('x', 107)}\"\n", 2, 11, "may have 107 octets, this one has 108", "shorter" },
        { "[daemon]\nstate = \"var\"\n", 2, 9, "'state' must be an absolute path", "state = " },
        { "[daemon]\ndatapath = \"kernel\"\n", 2, 12, "this version does not have datapath = \"kernel\"", "\"user\"" },
        { "[daemon]\ndatapath = \"warp\"\n", 2, 12, "'datapath' must be \"user\", not \"warp\"", "\"user\"" },
        { "[identity]\nkey_file = \"\"\n", 2, 12, "'key_file' must name a file", "identity.pem" },
        { "[ike]\nike_lifetime = 4\n", 2, 16, "'ike_lifetime' must be a number with s, m or h", "\"4h\"" },
        { "[ike]\nike_lifetime = \"4\"\n", 2, 16, "'ike_lifetime' must be a number with s, m or h", "\"4h\"" },
        { "[ike]\nkey_exchange = []\n", 2, 16, "without a key exchange", "x25519" },
        { "[ike]\nkey_exchange = [\"x25519\", \"modp1024\"]\n", 2, 27, "knows no \"modp1024\"", "x25519" },
        { "[ike]\npost_quantum = [\"mlkem512\"]\n", 2, 17, "'post_quantum' must be a list of mlkem768, mlkem1024", "mlkem768" },
        { "[ike]\nchild_lifetime = \"1s\"\n", 2, 18, "from 10s to 24h", "\"4h\"" },
        { "[ike]\nchild_lifetime = \"99999999h\"\n", 2, 18, "from 10s to 24h", "\"4h\"" },
        { "[debug]\nexport_keys = true\n", 2, 15, "'export_keys' must be an absolute path", "export_keys = " },

        // [[protect]].
        { "[[protect]]\nprotocol = \"tcp\"\ntrust = \"anyone\"\n", 1, 1, "[[protect]] has no name", "name = " },
        { Entry.Replace("\"a\"", "\"a b\"", StringComparison.Ordinal), 2, 8, "a name has", "name = " },
        { "[[protect]]\nname = \"a\"\ntrust = \"anyone\"\n", 1, 1, "does not say which protocol", "protocol = \"tcp\"" },
        { Entry.Replace("tcp", "sctp", StringComparison.Ordinal), 3, 12, "this version does not have protocol = \"sctp\"", "\"tcp\" or \"udp\"" },
        { Entry.Replace("tcp", "icmp", StringComparison.Ordinal), 3, 12, "'protocol' must be \"tcp\" or \"udp\" or \"any\", not \"icmp\"", "\"tcp\"" },
        { Entry.Replace("anyone", "nobody", StringComparison.Ordinal), 4, 9, "'trust' must be", "\"anyone\"" },
        { Entry + "clear = \"always\"\n", 5, 9, "'clear' must be \"never\" or \"until-ipsec\"", "\"never\"" },
        { Entry.Replace("anyone", "known", StringComparison.Ordinal) + "clear = \"until-ipsec\"\n", 5, 9, "contradicts trust = \"known\"", "clear = \"never\"" },
        { Entry.Replace("tcp", "any", StringComparison.Ordinal) + "clear = \"until-ipsec\"\n", 5, 9, "needs one protocol", "protocol = \"udp\"" },
        { Entry + "remote = \"192.0.2.1/24\"\n", 5, 10, "its network is 192.0.2.0/24", "remote = " },
        { Entry + "remote = \"192.0.2.0/33\"\n", 5, 10, "not a number from 0 to 32", "remote = " },
        { Entry + "remote = \"host.example\"\n", 5, 10, "is not an address or a prefix", "remote = " },
        { Entry + "local = \"192.0.2.0/24\"\nremote = \"2001:db8::/32\"\n", 6, 10, "of different families", "two entries" },
        { Entry + "local_port = 0\n", 5, 14, "a port from 1 to 65535", "local_port = 179" },
        { Entry + "local_port = 65536\n", 5, 14, "a port from 1 to 65535", "local_port = 179" },
        { Entry + "remote_port = -5\n", 5, 15, "a port from 1 to 65535", "remote_port = 179" },
        { Entry + "remote_port = \"\"\n", 5, 15, "a port from 1 to 65535", "remote_port = 179" },
        { Entry + "remote_port = \"80-\"\n", 5, 15, "a port from 1 to 65535", "remote_port = 179" },
        { Entry + "remote_port = \"90-80\"\n", 5, 15, "ends before it begins", "\"80-90\"" },
        { Entry + "remote_port = true\n", 5, 15, "a port from 1 to 65535", "remote_port = 179" },
        { Entry + "port = 80\nlocal_port = 80\n", 6, 1, "'local_port' has no effect", "keep 'port'" },
        { Entry + "port = 80\nremote_port = 80\n", 6, 1, "'remote_port' has no effect", "keep 'port'" },
        { Entry.Replace("tcp", "any", StringComparison.Ordinal) + "port = 80\n", 5, 1, "'port' has no effect", "protocol = \"tcp\"" },
        { Entry + "outer_local = \"192.0.2.1\"\n", 5, 1, "'outer_local' has no effect", "mode = \"tunnel\"" },
        { Entry + "mode = \"both\"\n", 5, 8, "'mode' must be \"transport\" or \"tunnel\"", "\"transport\"" },
        { Tunnel.Replace("remote = \"10.2.0.0/16\"\n", "", StringComparison.Ordinal), 1, 1, "which addresses are at the other end", "remote = " },
        { Tunnel.Replace("outer_remote = \"192.0.2.7\"\n", "", StringComparison.Ordinal), 1, 1, "does not say between which hosts", "outer_remote = " },
        { Tunnel.Replace("\"192.0.2.7\"", "\"192.0.2.0/24\"", StringComparison.Ordinal), 9, 16, "must be the address of a host", "outer_remote = " },
        { Tunnel.Replace("\"192.0.2.7\"", "[\"192.0.2.0/24\"]", StringComparison.Ordinal), 9, 16, "must be the address of a host", "outer_remote = " },
        { Tunnel.Replace("\"192.0.2.7\"", "[]", StringComparison.Ordinal), 9, 16, "is an empty list", "outer_remote = " },
        { Tunnel.Replace("\"192.0.2.7\"", "[\"192.0.2.7\", \"home\"]", StringComparison.Ordinal), 9, 16, "has home in its list", "outer_remote = " },
        { Tunnel.Replace("\"192.0.2.7\"", "[\"192.0.2.7\", \"2001:db8::7\"]", StringComparison.Ordinal), 8, 15, "cannot go by way of 2001:db8::7", "add one to 'outer_local'" },
        { Tunnel.Replace("\"192.0.2.1\"", "[\"192.0.2.1\", \"2001:db8::1\"]", StringComparison.Ordinal), 9, 16, "cannot go by way of 2001:db8::1", "add one to 'outer_remote'" },
        { Tunnel.Replace("\"192.0.2.1\"", "[\"192.0.2.1\", \"192.0.2.0/24\"]", StringComparison.Ordinal), 8, 15, "must name addresses of this host", "each address by itself" },
        { Tunnel.Replace("\"192.0.2.7\"", "\"2001:db8::7\"", StringComparison.Ordinal), 9, 16, "of different families", "one family" },
        { Tunnel + "clear = \"until-ipsec\"\n", 10, 9, "contradicts mode = \"tunnel\"", "clear = \"never\"" },
        { Entry + "forward = true\n", 5, 11, "needs mode = \"tunnel\"", "mode = \"tunnel\"" },
        { Tunnel + "forward_flows = 5\n", 10, 1, "'forward_flows' has no effect", "forward = true" },
        { Tunnel + "forward = true\nforward_flows = 0\n", 11, 17, "a number from 1 to 1000000", "forward_flows = 1000" },
        { Tunnel + "forward = true\nforward_idle = \"5\"\n", 11, 16, "from 10s to 24h", "\"5m\"" },
        { Tunnel + "forward = true\nforward_tcp_idle = \"25h\"\n", 11, 20, "from 10s to 24h", "\"124m\"" },
        { Tunnel + "forward = true\non_policy_change = \"keep\"\n", 11, 20, "contradicts forward = true", "\"break\"" },
        { Entry + "on_stranger = \"close\"\n", 5, 1, "'on_stranger' has no effect", "trust = \"first-use\" or \"known\"" },
        { Entry + "on_break = \"failover\"\n", 5, 12, "means nothing for TCP", "\"close\" or \"wait\"" },
        { Entry + "on_break = \"panic\"\n", 5, 12, "'on_break' must be", "\"close\"" },
        { Entry + "on_silence = \"failover\"\n", 5, 14, "'on_silence' must be \"wait\" or \"close\"", "\"wait\"" },
        { Entry + "esp = \"aes256gcm16\"\n", 5, 7, "'esp' must be a list of aes256gcm16", "esp = [" },
        { Entry + "esp = [\"null\"]\n", 5, 8, "encrypts nothing and is refused", "aes256gcm16" },
        { "[ike]\nike = [\"aes256-sha1\"]\n", 2, 8, "knows no \"aes256-sha1\"", "aes256gcm16" },
        { Entry + "esp = []\n", 5, 7, "without a cipher", "every cipher will do" },
        { Entry + "esp = [\"aes256gcm16\", \"3des\"]\n", 5, 23, "knows no \"3des\"", "aes256gcm16" },
        { Entry + "esp = [\"aes256gcm16\", \"aes256gcm16\"]\n", 5, 23, "names \"aes256gcm16\" twice", "remove" },
        { Entry + "encapsulation = \"gre\"\n", 5, 17, "'encapsulation' must be", "\"auto\"" },
        { Entry + Entry.Replace("\"a\"", "\"b\"", StringComparison.Ordinal), 5, 1, "\"b\" overlaps \"a\" on line 1", "narrow" },
        { Entry + "port = 80\n" + Entry.Replace("\"a\"", "\"b\"", StringComparison.Ordinal) + "port = 81\n", 6, 1, "overlaps", "narrow" },
        { Entry + "remote_port = 80\n" + Entry + "remote_port = 81\n", 6, 1, "two [[protect]] are named \"a\"; the first is on line 1", "another name" },

        // [[peer]].
        { "[[peer]]\nname = \"r\"\naddresses = [\"192.0.2.7\"]\n", 1, 1, "does not say which key", "latchkey fingerprint" },
        { "[[peer]]\nname = \"r\"\nkey = \"MD5:00\"\naddresses = [\"192.0.2.7\"]\n", 3, 7, "43 base64 digits", "latchkey fingerprint" },
        { $"[[peer]]\nname = \"r\"\nkey = \"{Key1}\"\n", 1, 1, "does not say for which addresses", "addresses = " },
        { $"[[peer]]\nname = \"r\"\nkey = \"{Key1}\"\naddresses = []\n", 4, 13, "can never be met", "addresses = " },
        { $"[[peer]]\nname = \"r\"\nkey = \"{Key1}\"\naddresses = \"192.0.2.7\"\n", 4, 13, "must be a list", "addresses = " },
        { $"[[peer]]\nname = \"r\"\nkey = \"{Key1}\"\naddresses = [\"192.0.2.7\", 7]\n", 4, 27, "must be a list", "addresses = " },
        { $"[[peer]]\nname = \"r\"\nkey = \"{Key1}\"\naddresses = [\"192.0.2.7\", \"x\"]\n", 4, 27, "'x' is not an address", "addresses = " },
        { Peer("r", Key1, "192.0.2.7") + Peer("r", Key2, "192.0.2.8"), 5, 1, "two [[peer]] are named \"r\"", "another name" },
        { Peer("r", Key1, "192.0.2.7") + Peer("s", Key1, "192.0.2.8"), 5, 1, "have the same key", "one [[peer]]" },
        { Peer("r", Key1, "192.0.2.7") + Peer("s", Key2, "192.0.2.0/24"), 5, 1, "both own", "take the address" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_reported_with_its_place_and_remedy(string text, int line, int column, string message, string remedy)
    {
        var result = ConfigurationReader.Read(text, "latchkey.toml");

        Assert.Null(result.Configuration);
        var error = Assert.Single(result.Errors);
        Assert.Equal((line, column), (error.Line, error.Column));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
        Assert.StartsWith($"latchkey.toml:{line}:{column}: error: ", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void All_mistakes_are_reported_at_once_in_the_order_of_the_file()
    {
        var result = ConfigurationReader.Read("[daemon]\nx = 1\nstate = 3\n[[protect]]\nname = \"a\"\ntrust = \"no\"\nprotocol = \"tcp\"\n", "f");

        Assert.Equal([2, 3, 6], result.Errors.Select(e => e.Line));
    }

    [Fact]
    public void A_text_that_ends_inside_an_escape_sequence_is_reported_too()
    {
        var error = Assert.Single(ConfigurationReader.Read("[daemon]\nstate = \"\"\"x\\", "f").Errors);

        Assert.Contains("not TOML", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_reported_with_the_way_to_name_another()
    {
        var error = Assert.Single(ConfigurationReader.ReadFile("/nonexistent/latchkey.toml").Errors);

        Assert.Equal("/nonexistent/latchkey.toml", error.Place);
        Assert.Contains("does not exist", error.Message, StringComparison.Ordinal);
        Assert.Contains("--config", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_is_no_configuration()
    {
        var error = Assert.Single(ConfigurationReader.ReadFile(Path.GetTempPath()).Errors);

        Assert.Contains("is a directory", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("protocol = \"icmp\"\n")]
    public void A_protocol_that_is_refused_makes_nothing_else_wrong(string protocol) =>
        Assert.Single(ConfigurationReader.Read($"[[protect]]\nname = \"app\"\n{protocol}port = 7000\non_break = \"failover\"\nclear = \"until-ipsec\"\n", "f").Errors);

    private static string Peer(string name, string key, string address) =>
        $"[[peer]]\nname = \"{name}\"\nkey = \"{key}\"\naddresses = [\"{address}\"]\n";
}
