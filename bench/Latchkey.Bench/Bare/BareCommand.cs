using System.CommandLine;
using Latchkey.Linux.Sockets;
using Latchkey.Linux.Tun;
using Latchkey.Wire;

namespace Latchkey.Bench.Bare;

/// <summary><c>bare</c>: one end of a <see cref="BareTunnel"/>; the comparison starts both.</summary>
internal static class BareCommand
{
    public const string Device = "bare0";

    private const ushort Port = 4600;

    public static Command Create()
    {
        var local = new Argument<string>("local");
        var remote = new Argument<string>("remote");
        var command = new Command("bare", "Carry packets by Latchkey's system calls and cipher, and nothing else; used by 'compare'") { local, remote };
        command.SetAction(given =>
        {
            using var link = new UdpLink(Port, new OuterSocketSettings(Mark: 1, Trains: true));
            using var device = new TunDevice(mtu: 1400, Device);
            using var tunnel = new BareTunnel(device, link, End(given.GetRequiredValue(local)), End(given.GetRequiredValue(remote)));
            tunnel.Run();
        });
        return command;
    }

    private static InetEndpoint End(string address) => new(InetAddress.Parse(address), Port);
}
