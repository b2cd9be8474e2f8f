using System.Diagnostics;
using Latchkey.Daemon.Reports;
using Latchkey.Daemon.Tests.Control;
using Xunit;

namespace Latchkey.Daemon.Tests.Cli;

/// <summary>The real program, and what its output goes to.</summary>
public sealed class StandardOutputTests : IAsyncLifetime
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "latchkey");
    private readonly ControlFixture _fixture = new();

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Who_follows_events_ends_when_its_reader_has_gone()
    {
        Publish("the first");
        using var latchkey = Start(Program, "events", "--follow", "--control", _fixture.Path);
        Assert.EndsWith("the first", await latchkey.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        latchkey.StandardOutput.Close();
        Publish("the second");
        try
        {
            await latchkey.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
        finally
        {
            latchkey.Kill();
        }

        Assert.Equal("", await latchkey.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_two_programs_write_to_one_file_stands_there_in_turn()
    {
        var file = Path.Combine(Path.GetDirectoryName(_fixture.Path)!, "output");
        using var shell = Start("/bin/sh", "-c", "(\"$0\" --version; \"$0\" --version) > \"$1\"", Program, file);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        var lines = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(2, lines.Length);
        Assert.Equal(lines[0], lines[1]);
    }

    private static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    private void Publish(string text) => _fixture.Daemon.Events.Publish(new EventReport(0, "degraded", DateTime.UnixEpoch, text));
}
