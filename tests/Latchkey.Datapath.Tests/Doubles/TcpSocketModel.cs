using Latchkey.Wire;

namespace Latchkey.Datapath.Tests;

/// <summary>How a local TCP socket takes segments that end connections (RFC 9293 §3.10.7, RFC 5961 §3.2).</summary>
internal sealed class TcpSocketModel(FlowKey flow, uint sendNext, uint receiveNext)
{
    private const uint Window = 65_535;

    public enum State
    {
        SynSent,
        Established,
        Reset,
        Refused,
    }

    public State Now { get; private set; } = State.Established;

    public int ChallengeAcks { get; private set; }

    /// <summary>Answers are held back, as after too many challenge ACKs.</summary>
    public bool HoldsBackChallenges { get; set; }

    public static TcpSocketModel Connecting(FlowKey flow, uint iss) => new(flow, iss + 1, 0) { Now = State.SynSent };

    /// <summary>Takes a packet; gives the packet the socket answers with, or null.</summary>
    public byte[]? Take(byte[] packet)
    {
        if (IpPacket.Read(packet, out var read) != IpPacketKind.Whole || read.InboundFlow != flow
            || !TcpView.TryCreate(packet.AsSpan(read.UpperOffset), out var tcp) || !tcp.HasValidChecksum(read.Source, read.Destination)
            || (tcp.Flags & (TcpFlags.Rst | TcpFlags.Syn)) == 0)
        {
            return null;
        }

        // A SYN in a synchronised state is challenged, whatever its number (RFC 5961 §4.2).
        if ((tcp.Flags & TcpFlags.Syn) != 0)
        {
            return Now == State.Established ? Challenge() : null;
        }

        if (Now == State.SynSent)
        {
            Now = (tcp.Flags & TcpFlags.Ack) != 0 && tcp.AcknowledgmentNumber == sendNext ? State.Refused : Now;
            return null;
        }

        if (Now != State.Established || tcp.SequenceNumber - receiveNext >= Window)
        {
            return null;
        }

        if (tcp.SequenceNumber == receiveNext)
        {
            Now = State.Reset;
            return null;
        }

        return Challenge();
    }

    private byte[]? Challenge()
    {
        if (HoldsBackChallenges)
        {
            return null;
        }

        ChallengeAcks++;
        return Packets.Tcp(flow, TcpFlags.Ack, sendNext, receiveNext);
    }
}
