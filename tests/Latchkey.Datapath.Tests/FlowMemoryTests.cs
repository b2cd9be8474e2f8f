using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>What a flow costs in memory, told by what its thread allocates: exact, whatever other tests do meanwhile.</summary>
public class FlowMemoryTests
{
    private const int Flows = 10_000;

    // A slot of the index: a reference and a hash, of which three eighths are used after it has grown.
    private const int SlotInTable = 16 * 8 / 3;

    // The queue of undecided flows: a reference, at most twice.
    private const int PlaceInQueue = 2 * 8;

    [Fact]
    public void A_flow_costs_no_more_than_256_octets()
    {
        using var host = new Host(InetAddress.FromV4(0x0a00_0001));
        Bind(host, 0); // the tables take their first sizes
        Bind(host, 1);
        var least = long.MaxValue;
        for (var round = 2; round < 6; round++)
        {
            // A round in which a table grows costs more; there are rounds in which none does.
            var before = GC.GetAllocatedBytesForCurrentThread();
            Bind(host, round);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.InRange((least / Flows) + SlotInTable + PlaceInQueue, 1, 256);
    }

    private static void Bind(Host host, int round)
    {
        for (var n = 0; n < Flows; n++)
        {
            host.Datapath.Bind(new FlowKey(IpProtocol.Tcp, host.Address, 7000, InetAddress.FromV4(0x0a01_0000 + (uint)round), (ushort)n), Host.Channel);
        }
    }
}
