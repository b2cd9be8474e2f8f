using System.Globalization;
using Latchkey.Bench.Report;
using Latchkey.Wire;

namespace Latchkey.Bench.Engine;

/// <summary>What peers and flows weigh: engine and datapath of one host, in managed memory.</summary>
internal static class MemoryFigures
{
    private const int Peers = 1000;
    private const int FlowsOfPeer = 100;

    public static Table Measure()
    {
        var network = new BenchNetwork();
        using var w = network.Plug(new BenchHost(network, InetAddress.FromV4(0x0a00_0001)));
        // What exists once, and the first peer brings with it, is not what a peer weighs.
        Befriend(network, w, 0);
        var alone = Heap();
        for (var peer = 1; peer <= Peers; peer++)
        {
            Befriend(network, w, peer);
        }

        var befriended = Heap();
        for (var peer = 1; peer <= Peers; peer++)
        {
            var remote = Address(peer);
            for (var n = 0; n < FlowsOfPeer; n++)
            {
                var flow = new FlowKey(IpProtocol.Tcp, w.Address, BenchHost.Service, remote, (ushort)(20_000 + n));
                w.Call(engine => engine.HandleInboundFlow(network.Now, flow, w.Channels[remote], w.InboundSpis[remote]));
            }
        }

        var latched = Heap();
        var table = new Table(["engine and datapath of one host, managed memory", "together", "each"]);
        Row($"{Peers:n0} peers with an IKE SA and a pair of Child SAs", befriended - alone, Peers);
        Row($"{Peers * FlowsOfPeer:n0} latched flows with them", latched - befriended, Peers * FlowsOfPeer);
        return table;

        void Row(string name, long octets, int count) => table.Add(
            [name, string.Create(CultureInfo.InvariantCulture, $"{octets / (double)(1 << 20):0.0} MiB"), string.Create(CultureInfo.InvariantCulture, $"{octets / count:n0} octets")]);
    }

    private static void Befriend(BenchNetwork network, BenchHost w, int peer)
    {
        using var client = network.Plug(new BenchHost(network, Address(peer)));
        client.Call(engine => engine.HandleOutboundFlow(network.Now, new FlowKey(IpProtocol.Tcp, client.Address, 20_000, w.Address, BenchHost.Service)));
        network.Deliver();
        network.Unplug(client);
    }

    private static InetAddress Address(int peer) => InetAddress.FromV4(0x0a01_0000 + (uint)peer);

    private static long Heap() => GC.GetTotalMemory(forceFullCollection: true);
}
