using Latchkey.Contract;
using Latchkey.Linux.Protection;
using Latchkey.Linux.Sockets;
using Latchkey.Linux.Tun;
using Latchkey.Wire;

namespace Latchkey.Linux.Tests.Hosts;

/// <summary>
/// One host's end of a tunnel without any protection: packets of the TUN device travel as UDP payloads between the
/// ports 4500. It stands in for the datapath, so that routing and filters can be tried with real programs.
/// </summary>
internal sealed class PlainTunnel : IDisposable
{
    /// <summary>Octets the outer IPv4 or IPv6 and UDP headers take.</summary>
    public const int Overhead = 48;

    private readonly UdpLink _outer;
    private readonly Thread[] _threads;
    private volatile bool _stopping;
    private int _carried;

    public PlainTunnel(TestHost host, InetAddress peerV4, InetAddress peerV6)
    {
        Device = host.In(() => new TunDevice(1500, offload: false));
        _outer = host.In(() => new UdpLink(4500, new OuterSocketSettings(new ProtectionSettings().Mark)));
        _threads =
        [
            new Thread(() => Pump(Device, _outer.Send, (batch, i) =>
            {
                var v6 = batch.Data(i)[0] >> 4 == 6;
                batch[i].Local = new InetEndpoint(v6 ? InetAddress.AnyV6 : InetAddress.AnyV4, 0);
                batch[i].Remote = new InetEndpoint(v6 ? peerV6 : peerV4, 4500);
                batch[i].MayFragment = true;
            })),
            new Thread(() => Pump(_outer, batch => Packets.Write(Device, batch), (_, _) => Interlocked.Increment(ref _carried))),
        ];
        foreach (var thread in _threads)
        {
            thread.IsBackground = true;
            thread.Start();
        }
    }

    public TunDevice Device { get; }

    /// <summary>Packets that came out of the tunnel here.</summary>
    public int Carried => Volatile.Read(ref _carried);

    public void Dispose()
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        Device.Interrupt();
        _outer.Interrupt();
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        Device.Dispose();
        _outer.Dispose();
    }

    private void Pump(IPacketSource from, Action<PacketBatch> send, Action<PacketBatch, int> address)
    {
        var batch = new PacketBatch(64, 2000);
        while (!_stopping)
        {
            if (from.Receive(batch, 1000) == 0)
            {
                continue;
            }

            for (var i = 0; i < batch.Count; i++)
            {
                address(batch, i);
            }

            send(batch);
        }
    }
}
