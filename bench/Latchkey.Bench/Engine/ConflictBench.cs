using Latchkey.Wire;

namespace Latchkey.Bench.Engine;

/// <summary>Many latches on one host, and a newcomer at an address where some of them live.</summary>
internal sealed record ConflictBench(int Latches, int Hit, TimeSpan FirstReset, TimeSpan LastReset, double EngineBytes, double DatapathBytes)
{
    /// <param name="peers">The first one's address is taken over later.</param>
    public static ConflictBench Run(int peers, int latchesOfPeer, int latchesHit)
    {
        var network = new BenchNetwork();
        using var w = new BenchHost(network, InetAddress.FromV4(0x0a00_0001));
        network.Plug(w);
        var clients = Enumerable.Range(0, peers).Select(i => network.Plug(new BenchHost(network, InetAddress.FromV4(0x0a01_0000 + (uint)i)))).ToList();
        foreach (var client in clients)
        {
            client.Call(engine => engine.HandleOutboundFlow(network.Now, FlowOf(w, client, 0).Reversed));
            network.Deliver();
        }

        // Every client's connections, weighed in the engine first and in the datapath afterwards.
        FlowKey[] flows = [.. clients.SelectMany((client, i) => Enumerable.Range(0, i == 0 ? latchesHit : latchesOfPeer).Select(n => FlowOf(w, client, n)))];
        w.BindsFlows = false;
        var before = Heap();
        foreach (var flow in flows)
        {
            w.Call(engine => engine.HandleInboundFlow(network.Now, flow, w.Channels[flow.Remote], w.InboundSpis[flow.Remote]));
        }

        var latched = Heap();
        foreach (var flow in flows)
        {
            w.Datapath.Bind(flow, w.Channels[flow.Remote]);
        }

        var bound = Heap();
        w.BindsFlows = true;

        using var newcomer = new BenchHost(network, clients[0].Address);
        network.Plug(newcomer);
        newcomer.Call(engine => engine.HandleOutboundFlow(network.Now, FlowOf(w, newcomer, 30_000).Reversed));
        network.RunUntil(() => newcomer.Channels.ContainsKey(w.Address));
        clients.ForEach(client => client.Dispose());
        return w.Resets == latchesHit
            ? new ConflictBench(flows.Length, w.Resets, w.FirstReset, w.LastReset, Each(latched - before), Each(bound - latched))
            : throw new InvalidOperationException($"{w.Resets} connections were reset, not {latchesHit}");

        double Each(long bytes) => (double)bytes / flows.Length;
    }

    private static FlowKey FlowOf(BenchHost w, BenchHost client, int n) => new(IpProtocol.Tcp, w.Address, BenchHost.Service, client.Address, (ushort)(20_000 + n));

    private static long Heap() => GC.GetTotalMemory(forceFullCollection: true);
}
