using Latchkey.Lab.Network;

namespace Latchkey.Lab.Applications;

/// <summary>A UDP server that sends back what it is sent: socat and cat.</summary>
public static class EchoServer
{
    public static async Task Start(LabHost host, int port)
    {
        host.Start($"echo-{port}", ["socat", $"UDP{(host.Plan.IsIPv6 ? "6" : "4")}-RECVFROM:{port},fork", "EXEC:cat"]);
        for (var end = Moment.Now.Milliseconds + 10_000; (await host.Run("ss", "-Hlun", $"sport = :{port}")).Length == 0; await Task.Delay(20, host.Cancellation))
        {
            if (Moment.Now.Milliseconds > end)
            {
                throw new LabException($"socat does not listen on UDP port {port} of {host.Name}");
            }
        }
    }
}
