using System.Text.Json;
using Latchkey.Cli;
using Latchkey.Daemon.Tests.Control;
using Spectre.Console;
using Xunit;

namespace Latchkey.Daemon.Tests.Cli;

/// <summary>What the command prints into a pipe, and its exit status.</summary>
public sealed class CommandLineTests : IAsyncDisposable
{
    private readonly ControlFixture _fixture = new();
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Status_is_shown_for_people()
    {
        Assert.Equal(0, await Run("status"));
        Assert.Equal(
            """
            Latchkey 0.1.0, pid 1234, up for 90 s
            configuration    /etc/latchkey/latchkey.toml
            key              SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE
            datapath         user
            ciphers          intel-ipsec-mb 1.3.0 (vaes_avx512)
            protects         app
            latches          2 ESTABLISHED, 1 BROKEN
            in clear         flows: 1; hosts that spoke IPsec, and are never reached so again: 3
            peers            1 connected, 1 known by configuration
            SAs              1 IKE, 1 Child
            next proof       a peer proves itself anew within 58 min
            tunnel site      192.0.2.1 to 198.51.100.7 (may move to 192.0.2.7, 203.0.113.0/24), its peer proves itself anew within 5 h
            packets dropped  12 latch_broken
            IKE dropped      3 malformed
            degraded: the kernel has no inet_diag: latches of sockets that are gone stay until the daemon stops

            """,
            _out.ToString());
    }

    [Fact]
    public async Task Latches_are_shown_in_columns()
    {
        Assert.Equal(0, await Run("latches"));
        Assert.Equal(
            """
            LATCH  STATE        FLOW                                    PEER  ENTRY  OWNER          FOR   REASON
            7      ESTABLISHED  tcp 192.0.2.1:7000 <-> 192.0.2.7:40000  r1    app    server (4711)  90 s  -

            IN CLEAR                                ENTRY  FOR
            tcp 192.0.2.1:7000 <-> 192.0.2.8:40000  app    90 s

            """,
            _out.ToString());
    }

    [Fact]
    public async Task Peers_are_shown_in_columns()
    {
        Assert.Equal(0, await Run("peers"));
        Assert.Equal(
            """
            PEER  KEY                                                 TRUST  ADDRESSES  LATCHES  IKE  CHILD  HEARD     PROOF
            r1    SHA256:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI  known  192.0.2.7  1        1    1      90 s ago  within 58 min

            PINNED     KEY                                                 TRUST      FIRST SEEN  LAST SEEN  TIMES
            192.0.2.8  SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE  first-use  2025-12-01  90 s ago   12
            192.0.2.9  SHA256:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI  pinned     never       never      0

            """,
            _out.ToString());
    }

    [Fact]
    public async Task Sas_are_shown_with_their_children()
    {
        Assert.Equal(0, await Run("sas"));
        Assert.Contains("ike-1      established  192.0.2.1:4500 -> 192.0.2.7:4500", _out.ToString(), StringComparison.Ordinal);
        Assert.Contains("  child-1  channel 3    192.0.2.1[tcp/7000] === 192.0.2.7[tcp]", _out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_answers_in_sentences()
    {
        Assert.Equal(0, await Run("explain", "tcp", "192.0.2.1:7000", "192.0.2.7"));
        Assert.Equal(
            """
            tcp 192.0.2.1:7000 <-> 192.0.2.7: "app" protects tcp between any local address and any host, port 7000 on either side. Any key may speak for an address that no known peer owns. When the peer behind a connection is replaced or restarted, its application gets a connection reset at once.
            Latch 7, tcp 192.0.2.1:7000 <-> 192.0.2.7:40000, is ESTABLISHED since 2026-03-01 12:00:00 UTC: tied to "r1" (SHA256:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI), protected by AES-GCM-16-256/ESN in transport mode.

            """,
            _out.ToString());
    }

    [Fact]
    public async Task Events_are_lines_with_their_details_below()
    {
        _fixture.Daemon.Events.Publish(FakeDaemon.Broken);
        _fixture.Daemon.Events.Publish(FakeDaemon.Mismatch);

        Assert.Equal(0, await Run("events"));
        Assert.Equal(
            """
            2026-03-01 12:00:00.012  latch_broken            the latch of tcp 192.0.2.1:7000 <-> 192.0.2.7:40000 is BROKEN: another key answers
            2026-03-01 12:00:00.000  proposal_mismatch       192.0.2.9 offers nothing acceptable for its IKE SA
                PRF: offered HMAC-SHA1; configured HMAC-SHA2-512, HMAC-SHA2-384, HMAC-SHA2-256

            """,
            _out.ToString());
    }

    [Fact]
    public async Task What_a_peer_chose_does_not_command_the_terminal()
    {
        _fixture.Daemon.Events.Publish(FakeDaemon.Mismatch with { Text = "it calls itself \u001b[2J", Details = ["\u009b2J\r\n"] });

        Assert.Equal(0, await Run("events"));
        Assert.EndsWith("it calls itself \\u001b[2J\n    \\u009b2J\\u000d\\u000a\n", _out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_in_JSON_are_one_object_a_line()
    {
        _fixture.Daemon.Events.Publish(FakeDaemon.Broken);
        _fixture.Daemon.Events.Publish(FakeDaemon.Mismatch);

        Assert.Equal(0, await Run("events", "--json"));
        var lines = _out.ToString().TrimEnd().Split('\n');
        Assert.Equal(["latch_broken", "proposal_mismatch"], lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()));
    }

    [Fact]
    public async Task Pin_unpin_and_forget_say_what_they_did_or_why_not()
    {
        Assert.Equal(0, await Run("pin", "192.0.2.7"));
        Assert.Contains("is pinned to 192.0.2.7 by a person", _out.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await Run("forget", "192.0.2.7"));
        Assert.Equal(1, await Run("unpin", "192.0.2.7"));
        Assert.Contains("no key is pinned to 192.0.2.7", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, await Run("pin", "192.0.2.7", "--key", "SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"));
        Assert.Contains("--close", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await Run("pin", "192.0.2.7", "--close", "--key", "SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"));
        Assert.Contains("authorised: 1.", _out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Close_says_what_it_did_or_why_not()
    {
        Assert.Equal(0, await Run("close", "7"));
        Assert.Contains("Latch 7 is closed", _out.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, await Run("close", "8"));
        Assert.Equal("latchkey: there is no live latch 8\n  see 'latchkey latches'\n", _error.ToString());
    }

    [Fact]
    public async Task Reload_says_what_is_different_and_what_became_of_the_latches()
    {
        Assert.Equal(0, await Run("reload"));
        Assert.Equal(
            """
            [[protect]] "app" is different.
            [[peer]] "r1" is gone.
            The policy is in force.
            Latches: 2 broke, 1 closed, 0 kept with the policy they had, 40 untouched.

            """,
            _out.ToString());
    }

    [Fact]
    public async Task A_reload_that_is_refused_says_why_and_fails()
    {
        _fixture.Daemon.Reload = FakeDaemon.Refused;

        Assert.Equal(1, await Run("reload"));
        Assert.Contains("/etc/latchkey/latchkey.toml:2:1: error: [daemon] has no key 'controll'\n    did you mean 'control'?\n", _out.ToString(), StringComparison.Ordinal);
        Assert.Contains("the policy that was in force still is", _out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fingerprint_is_shown_in_base64_and_in_words()
    {
        Assert.Equal(0, await Run("fingerprint", "r1"));
        Assert.StartsWith("SHA256:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI\n", _out.ToString(), StringComparison.Ordinal);
        Assert.True(_out.ToString().TrimEnd().Split('\n').Length > 1);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("status --frobnicate")]
    [InlineData("close")]
    [InlineData("close seven")]
    [InlineData("pin")]
    [InlineData("pin 192.0.2")]
    [InlineData("unpin r1")]
    [InlineData("forget")]
    [InlineData("explain tcp nonsense")]
    [InlineData("pin 192.0.2.7 --key SHA256:short")]
    [InlineData("lab run S3 --repeat many")]
    [InlineData("")]
    [InlineData("lab")]
    public async Task Wrong_usage_is_exit_status_2(string arguments)
    {
        Assert.Equal(2, await CommandLine.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), Context(), TestContext.Current.CancellationToken));
        Assert.Contains("latchkey: ", _error.ToString(), StringComparison.Ordinal);
        Assert.Contains("--help", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("statsu", "latchkey: there is no command 'statsu'; did you mean 'status'?\nSee 'latchkey --help'.\n")]
    [InlineData("status --jsn", "latchkey: there is no option '--jsn' here; did you mean '--json'?\nSee 'latchkey status --help'.\n")]
    [InlineData("check latchkey.toml", "latchkey: 'latchkey.toml' is one word too many\nSee 'latchkey check --help'.\n")]
    [InlineData("close seven", "latchkey: a latch is named by its number, for example 7, not 'seven'; 'latchkey latches' shows it\nSee 'latchkey close --help'.\n")]
    [InlineData("lab ruin", "latchkey: there is no command 'ruin'; did you mean 'run'?\nSee 'latchkey lab --help'.\n")]
    public async Task Wrong_usage_is_explained_with_what_was_probably_meant(string arguments, string explanation)
    {
        Assert.Equal(2, await CommandLine.RunAsync(arguments.Split(' '), Context(), TestContext.Current.CancellationToken));
        Assert.Equal(explanation, _error.ToString());
    }

    [Fact]
    public async Task Without_a_command_the_commands_are_listed()
    {
        Assert.Equal(2, await CommandLine.RunAsync([], Context(), TestContext.Current.CancellationToken));
        Assert.Contains("  status ", _error.ToString(), StringComparison.Ordinal);
        Assert.Empty(_out.ToString());
    }

    [Fact]
    public async Task A_daemon_that_does_not_run_is_exit_status_1()
    {
        await _fixture.InitializeAsync();
        Assert.Equal(1, await CommandLine.RunAsync(["status", "--control", "/nonexistent/sock"], Context(), TestContext.Current.CancellationToken));
        Assert.Equal("latchkey: no daemon answers at /nonexistent/sock\n  start one with 'latchkey run', or name its socket with --control PATH\n", _error.ToString());
    }

    [Fact]
    public async Task Output_that_cannot_be_written_is_exit_status_1()
    {
        await _fixture.InitializeAsync();
        var context = Context() with { Plain = new FullDisk() };
        Assert.Equal(1, await CommandLine.RunAsync(["status", "--json", "--control", _fixture.Path], context, TestContext.Current.CancellationToken));
        Assert.StartsWith("latchkey: reading or writing failed: the disk is full\n", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_explains_a_good_file_and_warns()
    {
        var file = await Write("[[protect]]\nname = \"app\"\nprotocol = \"tcp\"\ntrust = \"anyone\"\n");

        Assert.Equal(0, await Run("check", "--config", file));
        Assert.Contains($"{file}:1:1: warning: \"app\" also protects ssh", _out.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"app\" protects tcp between any local address and any host.", _out.ToString(), StringComparison.Ordinal);
        Assert.Contains("Everything else is bypassed", _out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_fails_on_a_bad_file()
    {
        var file = await Write("[daemon]\ncontroll = 1\n");

        Assert.Equal(1, await Run("check", "--config", file));
        Assert.Contains($"{file}:2:1: error: [daemon] has no key 'controll'\n    did you mean 'control'?\n", _out.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("latches")]
    [InlineData("peers")]
    [InlineData("sas")]
    [InlineData("fingerprint")]
    [InlineData("close 7")]
    [InlineData("reload")]
    [InlineData("explain 192.0.2.7")]
    public async Task Every_question_has_an_answer_in_JSON(string arguments)
    {
        Assert.Equal(0, await Run([.. arguments.Split(' '), "--json"]));
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(_out.ToString()).RootElement.ValueKind);
    }

    private static async Task<string> Write(string text)
    {
        var file = Path.Combine(Path.GetTempPath(), $"latchkey-{Guid.NewGuid():n}.toml");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        return file;
    }

    private async Task<int> Run(params string[] arguments)
    {
        string[] asks = arguments[0] == "check" ? arguments : [.. arguments, "--control", _fixture.Path];
        if (!File.Exists(_fixture.Path))
        {
            await _fixture.InitializeAsync();
        }

        return await CommandLine.RunAsync(asks, Context(), TestContext.Current.CancellationToken);
    }

    private CliContext Context()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(_out) });
        console.Profile.Width = int.MaxValue;
        return new(console, _out, _error, new FrozenTime(FakeDaemon.Noon.AddSeconds(90)));
    }

    private sealed class FullDisk : StringWriter
    {
        public override Task WriteLineAsync(string? value) => throw new IOException("the disk is full");
    }

    private sealed class FrozenTime(DateTime now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
