using System.Buffers.Binary;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Datapath;
using Latchkey.Wire;

namespace Latchkey.Fuzz;

/// <summary>One direction of an SA without a cipher, and where its sequence numbers are.</summary>
internal sealed record StrippedSa(SaDirection Direction, uint Spi, ChannelId Channel, InetAddress Here, InetAddress There, Encapsulation Encapsulation)
{
    /// <summary>SPI, sequence number and IV.</summary>
    public const int HeaderLength = 16;

    public const int IcvLength = 16;

    /// <summary>The last sequence number used.</summary>
    public ulong Sequence { get; set; }

    /// <summary>The addresses inside of a tunnel; null: transport mode.</summary>
    public AddressPair? Inner { get; init; }

    public SelectorSet Selectors => SelectorSet.Of(
        TrafficSelector.For(InetPrefix.Of(Inner?.Local ?? Here), TrafficSelector.AnyProtocol), TrafficSelector.For(InetPrefix.Of(Inner?.Remote ?? There), TrafficSelector.AnyProtocol));

    public InetEndpoint Local => new(Here, (ushort)(Encapsulation == Encapsulation.Udp ? 4500 : 0));

    public InetEndpoint Remote => new(There, (ushort)(Encapsulation == Encapsulation.Udp ? 4500 : 0));

    public void Begin(UserDatapath datapath)
    {
        Sequence = 0;
        datapath.Remove(Direction, Channel, Spi);
        datapath.Install(new(
            Direction, Spi, Channel, new TransparentAead(), new(new byte[36]), Esn: true, Selectors, new(Here, 4500), new(There, 4500), Encapsulation, Tunnel: Inner is not null));
    }

    /// <summary>What a host behind the datapath must be given of a payload: in a tunnel the packet but for its congestion mark, else the payload.</summary>
    public string Essence(ReadOnlySpan<byte> payload)
    {
        if (Inner is null || IpPacket.Read(payload, out var packet) == IpPacketKind.Malformed)
        {
            return Convert.ToHexString(payload);
        }

        var octets = payload[..packet.Length].ToArray();
        TrafficClass.Set(octets, (byte)(TrafficClass.Of(octets) & ~TrafficClass.EcnMask));
        return Convert.ToHexString(octets);
    }

    /// <summary>Writes a packet that the receiver takes for authentic.</summary>
    /// <param name="text">Payload, padding and trailer.</param>
    /// <returns>Octets written.</returns>
    public int Write(Span<byte> packet, ulong sequence, ReadOnlySpan<byte> text)
    {
        BinaryPrimitives.WriteUInt32BigEndian(packet, Spi);
        BinaryPrimitives.WriteUInt32BigEndian(packet[4..], (uint)sequence);
        BinaryPrimitives.WriteUInt64BigEndian(packet[8..], sequence);
        text.CopyTo(packet[HeaderLength..]);
        packet.Slice(HeaderLength + text.Length, IcvLength).Clear();
        return HeaderLength + text.Length + IcvLength;
    }
}
