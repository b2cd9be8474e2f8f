using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Datapath.Tests;

/// <summary>Two hosts with one channel between them and one TCP flow tied to it.</summary>
internal sealed class Pair : IDisposable
{
    public const uint SpiToW = 0x1001;
    public const uint SpiToC = 0x2002;

    public Pair(bool v6 = false, AeadAlgorithm? algorithm = null, bool esn = true, Encapsulation encapsulation = Encapsulation.Udp, bool bind = true, IClearPath? clear = null)
    {
        W = new(InetAddress.Parse(v6 ? "2001:db8::1" : "192.0.2.1"), clear: clear);
        C = new(InetAddress.Parse(v6 ? "2001:db8::2" : "192.0.2.2"));
        W.InstallPair(C.Address, SpiToW, SpiToC, algorithm, esn, encapsulation);
        C.InstallPair(W.Address, SpiToC, SpiToW, algorithm, esn, encapsulation);
        Tcp = new(IpProtocol.Tcp, C.Address, 40_000, W.Address, 179);
        Udp = Tcp with { Protocol = IpProtocol.Udp };
        if (bind)
        {
            foreach (var flow in new[] { Tcp, Udp })
            {
                C.Datapath.Bind(flow, Host.Channel);
                W.Datapath.Bind(flow.Reversed, Host.Channel);
            }
        }
    }

    public Host W { get; }

    public Host C { get; }

    /// <summary>C's connection to W, as C sees it.</summary>
    public FlowKey Tcp { get; }

    /// <summary>The same with UDP.</summary>
    public FlowKey Udp { get; }

    public void Dispose()
    {
        W.Dispose();
        C.Dispose();
    }
}
