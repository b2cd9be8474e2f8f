namespace Latchkey.Contract;

/// <summary>
/// Where whole batches of packets come from and go to: a TUN device (IP packets), a UDP port (payloads) or protocol 50
/// (ESP packets). One thread receives; any thread may send.
/// </summary>
public interface IPacketLink : IDisposable
{
    /// <summary>For messages: <c>latchkey0</c>, <c>udp 4500</c>, <c>esp</c>.</summary>
    string Name { get; }

    /// <summary>Clears the batch and fills it with what is there, waiting for the first packet at most that long.</summary>
    /// <returns>Packets received; 0 after the time-out or after <see cref="Interrupt"/>.</returns>
    int Receive(PacketBatch batch, int timeoutMilliseconds);

    /// <summary>Sends every slot whose length is not 0, in order, and sets each slot's <see cref="PacketSlot.SendResult"/>.</summary>
    void Send(PacketBatch batch);

    /// <summary>Wakes a thread that waits in <see cref="Receive"/>.</summary>
    void Interrupt();
}
