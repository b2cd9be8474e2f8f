namespace Latchkey.Linux.Sockets;

/// <summary>What all outer sockets share.</summary>
/// <param name="Mark">SO_MARK of every packet sent: the rules and filters of Protection let it pass. Never 0.</param>
/// <param name="BufferOctets">
/// Size of the kernel's receive and send buffers. The default holds some thousand full packets: a burst while the
/// process is not scheduled for a few milliseconds must not cost packets.
/// </param>
/// <param name="Trains">
/// Datagrams of one size are sent, and received, as one where the kernel can (UDP_SEGMENT, UDP_GRO). Whoever receives must
/// look at <see cref="Latchkey.Contract.PacketSlot.SegmentSize"/>. Without, trains are sent one by one.
/// </param>
public sealed record OuterSocketSettings(uint Mark, int BufferOctets = 8 * 1024 * 1024, bool Trains = false);
