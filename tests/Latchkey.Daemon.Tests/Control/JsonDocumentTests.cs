using System.Text.Json;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Reports;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Control;

/// <summary>docs/json.md shows every shape, exactly as it is written.</summary>
public class JsonDocumentTests
{
    public static TheoryData<string> Shapes =>
    [
        "status", "latches", "peers", "sas", "fingerprint", "explain", "close", "pin", "reload", "reload refused", "connection", "listener", "wishes", "events",
        "events with details", "check", "error",
    ];

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task The_document_shows_the_shape(string shape)
    {
        var written = await Write(shape);

        Assert.True(Documents.Blocks("json.md", "json").Contains(written), $"docs/json.md should show for '{shape}':\n{written}");
    }

    private static async Task<string> Write(string shape)
    {
        var daemon = new FakeDaemon();
        var none = CancellationToken.None;
        Assert.True(FlowQuery.TryParse("tcp 192.0.2.1:7000 192.0.2.7", out var query, out _));
        var bad = ConfigurationReader.Read("[daemon]\ncontroll = \"/run/x\"\n", "/etc/latchkey/latchkey.toml");
        var json = ReportJson.Indented;
        return shape switch
        {
            "status" => JsonSerializer.Serialize(await daemon.StatusAsync(none), json.StatusReport),
            "latches" => JsonSerializer.Serialize(await daemon.LatchesAsync(none), json.LatchesReport),
            "peers" => JsonSerializer.Serialize(await daemon.PeersAsync(none), json.PeersReport),
            "sas" => JsonSerializer.Serialize(await daemon.SasAsync(none), json.SasReport),
            "fingerprint" => JsonSerializer.Serialize(await daemon.FingerprintAsync("r1", none) ?? throw new InvalidOperationException(), json.FingerprintReport),
            "explain" => JsonSerializer.Serialize(await daemon.ExplainAsync(query, none), json.ExplainReport),
            "close" => JsonSerializer.Serialize(new ClosedReport(7, true), json.ClosedReport),
            "reload" => JsonSerializer.Serialize(FakeDaemon.Reloaded, json.ReloadReport),
            "reload refused" => JsonSerializer.Serialize(FakeDaemon.Refused, json.ReloadReport),
            "pin" => JsonSerializer.Serialize(await daemon.PinAsync(InetAddress.Parse("192.0.2.7"), null, false, none), json.PinChangeReport),
            "connection" => JsonSerializer.Serialize(FakeDaemon.Connection, json.ConnectionReport),
            "listener" => JsonSerializer.Serialize(FakeDaemon.Listener, json.ListenerReport),
            "wishes" => JsonSerializer.Serialize(new WishesRequest("wait", true, 256, true, FakeDaemon.Connection.Peer!.Key, false), json.WishesRequest),
            "events" => JsonSerializer.Serialize(daemon.Events.Publish(FakeDaemon.Broken), ReportJson.Compact.EventReport),
            "events with details" => JsonSerializer.Serialize(daemon.Events.Publish(FakeDaemon.Mismatch), ReportJson.Compact.EventReport),
            "check" => JsonSerializer.Serialize(CheckReport.From("/etc/latchkey/latchkey.toml", bad), json.CheckReport),
            _ => JsonSerializer.Serialize(new ErrorReport("there is no live latch 8", "see 'latchkey latches'"), json.ErrorReport),
        };
    }
}
