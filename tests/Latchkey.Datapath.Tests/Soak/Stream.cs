using System.Buffers.Binary;
using System.Collections;
using System.Numerics;
using System.Runtime.InteropServices;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath.Tests.Soak;

/// <summary>
/// One direction of a flow whose octets say themselves what they must be: each word is made of the flow's number and its place
/// in the flow. So every segment that is delivered is checked octet for octet, alone, and is known by its place.
/// </summary>
internal sealed class Stream(FlowKey flow, int number, int size)
{
    /// <summary>Octets of payload of one segment; the last of a super-segment has as many.</summary>
    private readonly int _size = size - (size % sizeof(ulong));

    private readonly BitArray _delivered = new(1 << 16);
    private uint _segments;

    public FlowKey Flow => flow;

    private int UpperOffset => flow.Local.IsV6 ? Ipv6View.HeaderLength : Ipv4View.MinimumHeaderLength;

    private int HeaderLength => UpperOffset + (flow.Protocol == IpProtocol.Tcp ? TcpView.MinimumHeaderLength : UdpView.HeaderLength);

    /// <summary>Writes the next super-segment.</summary>
    /// <param name="segments">How many segments it stands for at most.</param>
    /// <param name="packet">Room for the largest packet.</param>
    /// <returns>Octets of the packet, how many segments it stands for, and what is left to the device.</returns>
    public (int Length, int Segments, PacketOffload Offload) Next(int segments, Span<byte> packet)
    {
        segments = Math.Clamp(segments, 1, Math.Min(64, (ushort.MaxValue - HeaderLength) / _size));
        var length = HeaderLength + (segments * _size);
        packet = packet[..length];
        var isTcp = flow.Protocol == IpProtocol.Tcp;
        var upper = packet[UpperOffset..];
        if (flow.Local.IsV6)
        {
            new Ipv6Header(flow.Local, flow.Remote, flow.Protocol).Write(packet, upper.Length);
        }
        else
        {
            new Ipv4Header(flow.Local, flow.Remote, flow.Protocol, DontFragment: true).Write(packet, upper.Length);
        }

        Pattern(_segments, upper[(HeaderLength - UpperOffset)..]);
        if (isTcp)
        {
            new TcpHeader(flow.LocalPort, flow.RemotePort, _segments * (uint)_size, 1, TcpFlags.Ack, 1000).Write(upper, flow.Local, flow.Remote, options: null);
        }
        else
        {
            new UdpHeader(flow.LocalPort, flow.RemotePort).Write(upper, flow.Local, flow.Remote);
        }

        _segments += (uint)segments;
        if (segments == 1)
        {
            return (length, 1, default);
        }

        var field = isTcp ? 16 : 6;
        var pseudo = InternetChecksum.PseudoHeader(flow.Local, flow.Remote, flow.Protocol, upper.Length);
        BinaryPrimitives.WriteUInt16BigEndian(upper[field..], InternetChecksum.PartialOf(pseudo));
        return (length, segments, new(
            isTcp ? SegmentKind.Tcp : SegmentKind.Udp, (ushort)_size, (ushort)HeaderLength, NeedsChecksum: true, (ushort)UpperOffset, (ushort)field));
    }

    /// <summary>Checks a packet or super-segment that was delivered, and that none of it was before.</summary>
    /// <returns>How many segments it stands for.</returns>
    public int Delivered(ReadOnlySpan<byte> packet, PacketOffload offload)
    {
        var payload = packet[HeaderLength..];
        Check(payload.Length % _size == 0 && (offload.Kind == SegmentKind.None ? payload.Length == _size : offload.SegmentSize == _size), "segments have their size");
        var first = flow.Protocol == IpProtocol.Tcp
            ? BinaryPrimitives.ReadUInt32BigEndian(packet[(UpperOffset + 4)..]) / (uint)_size
            : (uint)BinaryPrimitives.ReadUInt64LittleEndian(payload) ^ (uint)number;
        var segments = payload.Length / _size;
        if (flow.Protocol == IpProtocol.Tcp)
        {
            CheckPattern(first, payload);
            for (var i = 0; i < segments; i++)
            {
                Mark(first + (uint)i);
            }
        }
        else
        {
            // Datagrams of one super-segment need not follow each other.
            for (var i = 0; i < segments; i++)
            {
                var datagram = payload.Slice(i * _size, _size);
                var place = (uint)BinaryPrimitives.ReadUInt64LittleEndian(datagram) ^ (uint)number;
                CheckPattern(place, datagram);
                Mark(place);
            }
        }

        return segments;
    }

    private void Mark(uint segment)
    {
        Check(segment < _segments, "what is delivered was sent");
        if (segment >= _delivered.Length)
        {
            _delivered.Length = (int)BitOperations.RoundUpToPowerOf2(segment + 1);
        }

        Check(!_delivered[(int)segment], "nothing is delivered twice");
        _delivered[(int)segment] = true;
    }

    private void Pattern(uint segment, Span<byte> payload)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(payload);
        var perSegment = _size / sizeof(ulong);
        for (var i = 0; i < words.Length; segment++)
        {
            for (var at = 0; at < perSegment; at++, i++)
            {
                words[i] = Word(segment, at);
            }
        }
    }

    private void CheckPattern(uint segment, ReadOnlySpan<byte> payload)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(payload);
        var perSegment = _size / sizeof(ulong);
        var difference = 0UL;
        for (var i = 0; i < words.Length; segment++)
        {
            for (var at = 0; at < perSegment; at++, i++)
            {
                difference |= words[i] ^ Word(segment, at);
            }
        }

        Check(difference == 0, "what is delivered is octet for octet what was sent");
    }

    /// <summary>The low half of a segment's first word tells the segment.</summary>
    private ulong Word(uint segment, int at) =>
        at == 0 ? ((ulong)number << 32) | (segment ^ (uint)number) : (((ulong)segment << 16) + (ulong)at + ((ulong)number << 52)) * 0x9E37_79B9_7F4A_7C15;

    private void Check(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"{what}, and this of {flow} was not");
        }
    }
}
