using BenchmarkDotNet.Attributes;
using Latchkey.Bench.Engine;
using Latchkey.Wire;

namespace Latchkey.MicroBench;

/// <summary>IKE_SA_INIT and IKE_AUTH of both hosts, from the first packet that wants a channel to the SAs: what it costs to compute.</summary>
public class HandshakeBenchmarks
{
    private BenchNetwork _network = null!;
    private BenchHost _w = null!;
    private BenchHost _c = null!;

    [IterationSetup]
    public void SetUp()
    {
        _network = new BenchNetwork();
        _w = _network.Plug(new BenchHost(_network, InetAddress.FromV4(0x0a00_0001)));
        _c = _network.Plug(new BenchHost(_network, InetAddress.FromV4(0x0a00_0002)));
    }

    [IterationCleanup]
    public void CleanUp()
    {
        _w.Dispose();
        _c.Dispose();
    }

    [Benchmark]
    public int Handshake()
    {
        _c.Call(engine => engine.HandleOutboundFlow(_network.Now, new FlowKey(IpProtocol.Tcp, _c.Address, 40_000, _w.Address, BenchHost.Service)));
        _network.Deliver();
        return _c.Channels.Count == 1 ? 1 : throw new InvalidOperationException("no channel came about");
    }
}
