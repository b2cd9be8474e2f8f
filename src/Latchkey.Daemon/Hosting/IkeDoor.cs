using Latchkey.Ike;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>
/// Where IKE comes in, from whichever port. A flood of first messages is answered here, so that it neither fills the engine's
/// queue nor makes anybody wait in it. Any thread may call.
/// </summary>
/// <param name="links">Its own: the engine's thread sends through others.</param>
internal sealed class IkeDoor(InitGate gate, IIkeSender links, EngineLoop loop, DaemonClock clock)
{
    private readonly Lock _sending = new();

    /// <summary>Takes a datagram in, or answers it at once.</summary>
    public void Receive(InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message)
    {
        Span<byte> answer = stackalloc byte[InitGate.AnswerLength];
        if (Receive(local, remote, message, answer) is > 0 and var length)
        {
            lock (_sending)
            {
                links.Send(local, remote, answer[..length]);
            }
        }
    }

    /// <summary>As above, for who sends many answers together.</summary>
    /// <param name="answer"><see cref="InitGate.AnswerLength"/> octets.</param>
    /// <returns>Octets of the answer that is to go back; 0: none.</returns>
    public int Receive(InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message, Span<byte> answer)
    {
        var verdict = gate.Judge(clock.Now, remote.Address, message, answer);
        if (verdict == GateVerdict.Pass)
        {
            Post(local, remote, message.ToArray());
        }

        return verdict == GateVerdict.Answer ? InitGate.AnswerLength : 0;
    }

    // Apart from Receive, so that only what passes costs a closure.
    private void Post(InetEndpoint local, InetEndpoint remote, byte[] message) =>
        loop.PostFromStranger((engine, now) => engine.HandleIkeDatagram(now, local, remote, message));
}
