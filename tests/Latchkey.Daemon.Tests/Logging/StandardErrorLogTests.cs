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

    private static string Write(bool journal, LogLevel level, string text)
    {
        var output = new StringWriter();
        using var log = new StandardErrorLog(output, journal);
        log.Log(level, default, text, exception: null, (state, _) => state);
        return output.ToString();
    }
}
