using Latchkey.Daemon.Logging;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Latchkey.Daemon.Tests.Logging;

public sealed class StandardErrorLogTests
{
    [Theory]
    [InlineData(LogLevel.Critical, "<2>x\n")]
    [InlineData(LogLevel.Error, "<3>x\n")]
    [InlineData(LogLevel.Warning, "<4>x\n")]
    [InlineData(LogLevel.Information, "<6>x\n")]
    [InlineData(LogLevel.Debug, "")]
    public void Under_systemd_a_line_begins_with_its_priority(LogLevel level, string line) => Assert.Equal(line, Write(journal: true, level, "x"));

    [Fact]
    public void Elsewhere_a_line_begins_with_its_time() =>
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning x\n$", Write(journal: false, LogLevel.Warning, "x"));

    [Fact]
    public void A_text_with_line_breaks_cannot_forge_a_line() =>
        Assert.Equal("<6>a | <2>b | c\n", Write(journal: true, LogLevel.Information, "a\n<2>b\r\nc"));

    [Fact]
    public void A_line_is_written_though_nothing_follows_it()
    {
        var output = new Awaited();
        using var log = new StandardErrorLog(output, journal: true);
        Log(log, LogLevel.Information, "x");
        Assert.True(output.Written.Wait(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        Assert.Equal("<6>x\n", output.ToString());
    }

    [Fact]
    public void A_warning_is_written_at_once_behind_all_that_was_said_before()
    {
        var output = new StringWriter();
        using var log = new StandardErrorLog(output, journal: true);
        Log(log, LogLevel.Information, "a");
        Log(log, LogLevel.Information, "b");
        Log(log, LogLevel.Warning, "c");
        Assert.Equal("<6>a\n<6>b\n<4>c\n", output.ToString());
    }

    [Fact]
    public void A_text_with_control_characters_does_not_command_a_terminal() =>
        Assert.Equal("<6>\\u001b[2J\n", Write(journal: true, LogLevel.Information, "\u001b[2J"));

    private static void Log(StandardErrorLog log, LogLevel level, string text) => log.Log(level, default, text, exception: null, (state, _) => state);

    private static string Write(bool journal, LogLevel level, string text)
    {
        var output = new StringWriter();
        using (var log = new StandardErrorLog(output, journal))
        {
            Log(log, level, text);
        }

        return output.ToString();
    }

    private sealed class Awaited : StringWriter
    {
        public ManualResetEventSlim Written { get; } = new();

        public override void Write(string? value)
        {
            base.Write(value);
            Written.Set();
        }
    }
}
