using System.Net;
using System.Net.Sockets;
using Latchkey.Bench.Load;
using Latchkey.Bench.Peers;
using Latchkey.Lab;
using Latchkey.Lab.Daemons;
using Xunit;

namespace Latchkey.Bench.Tests;

/// <summary>What other programs print, and the kernel says, is read as it is meant.</summary>
public class ReadingTests
{
    [Fact]
    public void A_transfer_is_what_was_received()
    {
        var transfer = Transfer.Read("""{"end":{"sum_sent":{"bytes":9,"bits_per_second":9e9},"sum_received":{"bytes":1e9,"bits_per_second":2.5e9}}}""");
        Assert.Equal((2.5, 1e9), (transfer.Gbps, transfer.Octets));
    }

    [Fact]
    public void Both_directions_count_together()
    {
        var transfer = Transfer.Read("""{"end":{"sum_received":{"bytes":1e9,"bits_per_second":2e9},"sum_received_bidir_reverse":{"bytes":3e9,"bits_per_second":1e9}}}""");
        Assert.Equal((3.0, 4e9), (transfer.Gbps, transfer.Octets));
    }

    [Fact]
    public void What_iperf3_complains_of_is_told() =>
        Assert.Contains("unable to connect", Assert.Throws<LabException>(() => Transfer.Read("""{"start":{},"error":"unable to connect to server"}""")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("{\"start\":")]
    public void A_transfer_that_was_cut_off_is_no_figure(string report) => Assert.Throws<LabException>(() => Transfer.Read(report));

    [Fact]
    public void The_time_of_a_process_is_user_and_system_time_whatever_its_name_is() =>
        Assert.Equal(30, ProcessUse.CpuTicks("7 (a) 1 2 (b)) S 1 7 7 0 -1 4194560 1 2 3 4 10 20 0 0 20 0 1 0 99"));

    [Fact]
    public void The_time_of_this_process_can_be_read()
    {
        var use = ProcessUse.Of(Environment.ProcessId);
        Assert.True(use.CpuSeconds > 0);
        Assert.InRange(use.ResidentMebibytes, 1, use.PeakMebibytes);
        Assert.Throws<LabException>(() => ProcessUse.Of(int.MaxValue));
    }

    [Fact]
    public async Task Round_trips_are_measured_and_read_back()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(() => EchoServer.Serve(listener.AcceptSocket()), TestContext.Current.CancellationToken);
        var output = new StringWriter();
        RoundTrips.Ask((IPEndPoint)listener.LocalEndpoint, TimeSpan.FromMilliseconds(50), output);
        var (p50, p99) = RoundTrips.Read(output.ToString());
        Assert.True(p50 > 0 && p99 >= p50);
        await serving.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Throws<FormatException>(() => RoundTrips.Read("nothing"));
    }
}
