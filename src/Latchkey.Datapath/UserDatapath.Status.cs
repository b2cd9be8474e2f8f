using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>Packets and octets.</summary>
public readonly record struct TrafficCount(long Packets, long Octets);

/// <summary>What an SA has carried.</summary>
/// <param name="Octets">ESP octets, headers included.</param>
public sealed record SaStatus(SaDirection Direction, uint Spi, ChannelId Channel, ulong Sequence, ulong Packets, ulong Octets);

/// <summary>A flow in the table.</summary>
/// <param name="Channel">The channel it is or was tied to.</param>
/// <param name="BlockReason">Why nothing moves, when blocked.</param>
public sealed record FlowStatus(FlowKey Flow, FlowState State, ChannelId? Channel, DropReason? BlockReason, int HeldPackets);

/// <content>What people and metrics ask for.</content>
public sealed partial class UserDatapath
{
    private readonly Traffic _sent = new();
    private readonly Traffic _received = new();

    /// <summary>ESP packets handed to the outer links.</summary>
    public TrafficCount Sent
    {
        get
        {
            using (_lanes.Both())
            {
                return _sent.Value;
            }
        }
    }

    /// <summary>IP packets handed to local sockets.</summary>
    public TrafficCount Received
    {
        get
        {
            using (_lanes.Both())
            {
                return _received.Value;
            }
        }
    }

    /// <summary>Packets dropped, by reason.</summary>
    public IReadOnlyDictionary<DropReason, long> Drops => _drops.Snapshot(_tun.Overflowed);

    public IReadOnlyList<SaStatus> Sas()
    {
        using (_lanes.Both())
        {
            return
            [
                .. _sas.Inbound.Select(sa => new SaStatus(
                    SaDirection.Inbound, sa.Sa.Spi, sa.Sa.Channel, sa.Window.Highest, sa.Traffic.Packets, sa.Traffic.Octets)),
                .. _sas.Channels.SelectMany(channel => channel.Outbound).Select(sa => new SaStatus(
                    SaDirection.Outbound, sa.Sa.Spi, sa.Sa.Channel, sa.Sequence, sa.Traffic.Packets, sa.Traffic.Octets)),
            ];
        }
    }

    /// <summary>At most <paramref name="maximum"/> flows, in no particular order.</summary>
    public IReadOnlyList<FlowStatus> Flows(int maximum)
    {
        using (_lanes.Both())
        {
            return
            [
                .. _flows.All.Take(maximum).Select(flow => new FlowStatus(
                    flow.Key, flow.State, flow.Channel?.Id, flow.State == FlowState.Blocked ? flow.BlockReason : null, flow.Held?.Count ?? 0)),
            ];
        }
    }

    private sealed class Traffic
    {
        public TrafficCount Value { get; private set; }

        public void Count(int packets, int octets) => Value = new(Value.Packets + packets, Value.Octets + octets);
    }
}
