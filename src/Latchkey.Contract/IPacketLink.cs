namespace Latchkey.Contract;

/// <summary>Where whole batches of packets come from. One thread receives.</summary>
public interface IPacketSource : IDisposable
{
    /// <summary>For messages: <c>latchkey0</c>, <c>udp 4500</c>, <c>esp</c>.</summary>
    string Name { get; }

    /// <summary>Clears the batch and fills it with what is there, waiting for the first packet at most that long.</summary>
    /// <returns>Packets received; 0 after the time-out or after <see cref="Interrupt"/>.</returns>
    int Receive(PacketBatch batch, int timeoutMilliseconds);

    /// <summary>Wakes a thread that waits in <see cref="Receive"/>.</summary>
    void Interrupt();
}

/// <summary>A way to the outside: a UDP port (payloads) or protocol 50 (ESP packets). Any thread may send.</summary>
public interface IPacketLink : IPacketSource
{
    /// <summary>
    /// Sends every slot whose length is not 0, in order, and sets each slot's <see cref="PacketSlot.SendResult"/> and
    /// <see cref="PacketSlot.Refused"/>. Never waits: what finds the kernel's buffer full is refused.
    /// </summary>
    void Send(PacketBatch batch);

    /// <summary>
    /// Waits until the kernel's buffer has room for what a full batch of a device becomes. Costs nothing as long as little was sent
    /// since the last time.
    /// </summary>
    /// <returns>False when it has none after the time-out.</returns>
    bool WaitForRoom(int timeoutMilliseconds);
}

/// <summary>A TUN device: whole IP packets of local sockets. Any thread may send.</summary>
public interface IPacketDevice : IPacketSource
{
    /// <summary>The kernel cuts super-segments into TCP segments, and completes checksums, when a packet asks for it.</summary>
    bool CutsTcp { get; }

    /// <summary>As <see cref="CutsTcp"/>, for UDP datagrams.</summary>
    bool CutsUdp { get; }

    /// <summary>Packets that local sockets sent and that were lost because nobody took them in time.</summary>
    long Overflowed { get; }

    /// <summary>Gives packets to the kernel, in order.</summary>
    /// <returns>Packets the kernel refused.</returns>
    int Send(PacketGather packets);
}
