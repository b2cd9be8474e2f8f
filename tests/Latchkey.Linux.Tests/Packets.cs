using System.Buffers.Binary;
using System.Text;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Linux.Tests;

/// <summary>Packets as tests need them: a UDP datagram in an IPv4 or IPv6 packet, checksums filled in.</summary>
internal static class Packets
{
    public static void PutUdp(PacketBatch batch, string source, ushort sourcePort, string destination, ushort destinationPort, string text)
    {
        var packet = Udp(source, sourcePort, destination, destinationPort, Encoding.UTF8.GetBytes(text));
        var index = batch.Count++;
        batch[index].Length = packet.Length;
        packet.CopyTo(batch.Data(index));
    }

    /// <summary>Gives a device the packets of a batch, each in one piece.</summary>
    /// <returns>Packets refused.</returns>
    public static int Write(IPacketDevice device, PacketBatch batch)
    {
        var gather = new PacketGather(batch.Capacity, batch.Capacity);
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch[i].Length > 0)
            {
                gather.Begin();
                gather.Add(new(batch.Slab, batch.Position(i), batch[i].Length));
            }
        }

        return device.Send(gather);
    }

    public static byte[] Udp(string source, ushort sourcePort, string destination, ushort destinationPort, byte[] payload)
    {
        var from = InetAddress.Parse(source);
        var to = InetAddress.Parse(destination);
        var header = from.IsV6 ? 40 : 20;
        var packet = new byte[header + 8 + payload.Length];
        var udp = packet.AsSpan(header);
        BinaryPrimitives.WriteUInt16BigEndian(udp, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], destinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        payload.CopyTo(udp[8..]);
        var pseudo = Sum(from.ToBytes()) + Sum(to.ToBytes()) + (uint)IpProtocol.Udp + (uint)udp.Length;
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], Fold(pseudo + Sum(udp)));
        if (from.IsV6)
        {
            packet[0] = 0x60;
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)udp.Length);
            packet[6] = (byte)IpProtocol.Udp;
            packet[7] = 64;
            from.CopyTo(packet.AsSpan(8));
            to.CopyTo(packet.AsSpan(24));
        }
        else
        {
            packet[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
            packet[8] = 64;
            packet[9] = (byte)IpProtocol.Udp;
            from.CopyTo(packet.AsSpan(12));
            to.CopyTo(packet.AsSpan(16));
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), Fold(Sum(packet.AsSpan(0, 20))));
        }

        return packet;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            sum += (uint)bytes[i] << (i % 2 == 0 ? 8 : 0);
        }

        return sum;
    }

    private static ushort Fold(uint sum)
    {
        while (sum >> 16 != 0)
        {
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
