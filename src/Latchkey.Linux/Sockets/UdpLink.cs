using Latchkey.Contract;
using Latchkey.Linux.Native;

namespace Latchkey.Linux.Sockets;

/// <summary>UDP payloads of one port, both families: IKE on 500, IKE and ESP on 4500 (RFC 3948).</summary>
public sealed class UdpLink : DualStackLink
{
    /// <exception cref="LinuxException">No right, or the port is taken.</exception>
    public UdpLink(ushort port, OuterSocketSettings settings)
        : base($"udp {port}", Socket.TypeDatagram, protocol: 0, port, settings) => Port = port;

    public ushort Port { get; }

    private protected override void Finish(PacketBatch batch, int index) =>
        batch[index].Local = batch[index].Local with { Port = Port };
}
