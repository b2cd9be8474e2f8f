using Latchkey.Contract;

namespace Latchkey.Datapath;

/// <summary>Sends a batch whose packets may leave by different links, each link's packets together and in order.</summary>
internal sealed class OuterSender(OuterLinks links)
{
    private int[] _lengths = [];

    /// <summary>How a protected packet travels. Plain ESP has no ports, so that its slots carry port 0.</summary>
    private static Encapsulation EncapsulationOf(in PacketSlot slot) => slot.Remote.Port == 0 ? Encapsulation.Esp : Encapsulation.Udp;

    /// <summary>Sends every slot whose length is not 0 and sets its results.</summary>
    public void Send(PacketBatch batch)
    {
        if (_lengths.Length < batch.Count)
        {
            _lengths = new int[batch.Count];
        }

        for (var i = 0; i < batch.Count; i++)
        {
            // What no link takes is refused.
            ref var slot = ref batch[i];
            _lengths[i] = slot.Length;
            (slot.SendResult, slot.Refused) = (PacketSlot.KernelRefused, slot.Packets);
        }

        SendBy(Encapsulation.Udp, isV6: false, batch);
        SendBy(Encapsulation.Udp, isV6: true, batch);
        SendBy(Encapsulation.Esp, isV6: false, batch);
        SendBy(Encapsulation.Esp, isV6: true, batch);

        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].Length = _lengths[i];
        }
    }

    private void SendBy(Encapsulation encapsulation, bool isV6, PacketBatch batch)
    {
        if (links.For(encapsulation, isV6) is not { } link)
        {
            return;
        }

        // The packets of the other links are taken out of the batch for the time of the send.
        var any = false;
        for (var i = 0; i < batch.Count; i++)
        {
            ref var slot = ref batch[i];
            slot.Length = slot.Remote.Address.IsV6 == isV6 && EncapsulationOf(slot) == encapsulation ? _lengths[i] : 0;
            any |= slot.Length != 0;
        }

        if (any)
        {
            link.Send(batch);
        }
    }
}
