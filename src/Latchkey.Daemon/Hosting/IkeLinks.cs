using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>Sends IKE messages.</summary>
internal interface IIkeSender
{
    void Send(InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message);

    /// <summary>Sends a NAT keepalive (RFC 3948 §2.3).</summary>
    void KeepAlive(InetEndpoint local, InetEndpoint remote);
}

/// <summary>IKE's two UDP ports. Only who works on the engine sends, one thread at a time.</summary>
/// <param name="port500">Carries bare IKE messages.</param>
/// <param name="port4500">Carries IKE behind a non-ESP marker, and ESP.</param>
internal sealed class IkeLinks(IPacketLink port500, IPacketLink port4500) : IIkeSender
{
    public const ushort Port = 500;
    public const ushort PortWithEsp = 4500;

    /// <summary>Octets of zeros that tell IKE from ESP on port 4500 (RFC 3948 §2.2).</summary>
    private const int MarkerLength = 4;

    /// <summary>The largest UDP payload there can be.</summary>
    public const int LargestDatagram = 65507;

    private readonly PacketBatch _batch = new(1, LargestDatagram);

    public void Send(InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message)
    {
        var withMarker = local.Port == PortWithEsp;
        var marker = withMarker ? MarkerLength : 0;
        if (message.Length + marker > LargestDatagram)
        {
            return;
        }

        var data = Prepare(local, remote, message.Length + marker);
        data[..marker].Clear();
        message.CopyTo(data[marker..]);

        // What cannot be sent is lost, like any datagram; retransmission deals with it.
        (withMarker ? port4500 : port500).Send(_batch);
    }

    public void KeepAlive(InetEndpoint local, InetEndpoint remote)
    {
        Prepare(local, remote, 1)[0] = 0xFF;
        port4500.Send(_batch);
    }

    private Span<byte> Prepare(InetEndpoint local, InetEndpoint remote, int length)
    {
        _batch.Clear();
        _batch.Count = 1;
        ref var slot = ref _batch[0];
        slot.Length = length;
        slot.Local = local;
        slot.Remote = remote;

        // IKE messages may exceed the path MTU; RFC 7296 §2 lets IP fragment them.
        slot.MayFragment = true;
        return _batch.Data(0);
    }
}
