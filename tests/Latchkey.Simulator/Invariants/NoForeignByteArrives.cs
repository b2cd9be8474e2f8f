namespace Latchkey.Simulator;

/// <summary>Invariant 1, inbound: an application reads only what the socket at the other end of its connection wrote.</summary>
public sealed class NoForeignByteArrives : Invariant
{
    public override string Name => "No foreign byte reaches an application";

    public override void Delivered(TcpSocket receiver, Segment segment)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        ArgumentNullException.ThrowIfNull(segment);
        if (segment.Sender != receiver.Peer)
        {
            Fail($"{receiver} takes {segment}");
        }
    }
}
