using Latchkey.Contract;
using Latchkey.Linux.Native;
using Latchkey.Wire;

namespace Latchkey.Linux.Sockets;

/// <summary>ESP packets as protocol 50 (RFC 4303), both families, from the SPI on. Ports are 0.</summary>
public sealed class RawEspLink : DualStackLink
{
    /// <exception cref="LinuxException">No right.</exception>
    public RawEspLink(OuterSocketSettings settings)
        : base("esp", Socket.TypeRaw, (int)IpProtocol.Esp, port: 0, settings)
    {
    }

    /// <summary>A raw IPv4 socket gives the IP header too (raw(7)); an IPv6 one does not. Slots are sized for packets with it.</summary>
    private protected override void Finish(PacketBatch batch, int index)
    {
        ref var slot = ref batch[index];
        slot.Remote = slot.Remote with { Port = 0 };
        if (slot.Length == 0 || slot.Remote.Address.IsV6)
        {
            return;
        }

        var header = (batch.Data(index)[0] & 0x0f) * 4;
        if (header < 20 || header > slot.Length)
        {
            slot.Length = 0;
            return;
        }

        slot.Offset += header;
        slot.Length -= header;
    }
}
