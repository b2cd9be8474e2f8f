using System.Buffers.Binary;
using Latchkey.Linux.Native;
using Latchkey.Linux.Protection;
using Latchkey.Wire;

namespace Latchkey.Linux.Netlink;

/// <summary>Takes the copy of a packet: a whole IP packet with its checksum complete.</summary>
public delegate void KnockHandler(ReadOnlySpan<byte> packet);

/// <summary>
/// Shows the packets that begin a flow in clear where clear may be allowed; the filter has dropped the originals. One
/// thread; belongs to the namespace it was made in.
/// </summary>
public sealed class KnockMonitor : IDisposable
{
    private readonly FileDescriptor _socket;
    private readonly NetlinkListener _listener;
    private readonly KnockHandler _knocked;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(128 * 1024, pinned: true);

    /// <param name="knocked">Called on the monitor's thread.</param>
    /// <exception cref="LinuxException">The kernel has no nfnetlink_log, or somebody else listens on the group.</exception>
    public KnockMonitor(ProtectionSettings settings, KnockHandler knocked)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _knocked = knocked;
        _socket = NetlinkSocket.Open(NetlinkAbi.Netfilter, groups: 0, "cannot watch for flows that begin in clear");
        Configure(settings.KnockGroup, NfLog.Command, [NfLog.Bind]);
        Configure(settings.KnockGroup, NfLog.Mode, [0, 0, 0xff, 0xff, NfLog.CopyPacket, 0]);
        Configure(settings.KnockGroup, NfLog.Threshold, [0, 0, 0, 1]);
        _listener = new NetlinkListener(_socket, "knocks", () => Receive(awaited: null));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    private unsafe void Configure(ushort group, ushort attribute, ReadOnlySpan<byte> value)
    {
        var request = MessageBuilder.Request(
            NfLog.Subsystem << 8 | NfLog.Configure, NetlinkAbi.FlagAck, new NetfilterHeader { Resource = BinaryPrimitives.ReverseEndianness(group) }).Put(attribute, value).Finish(attribute);
        fixed (byte* data = request)
        {
            if (Socket.Send(_socket, data, (nuint)request.Length, 0) < 0)
            {
                throw LinuxException.Last("cannot watch for flows that begin in clear");
            }
        }

        Receive(attribute);
    }

    /// <summary>Reads one datagram, or with <paramref name="awaited"/> until that request is acknowledged.</summary>
    private unsafe void Receive(uint? awaited)
    {
        do
        {
            nint received;
            fixed (byte* data = _buffer)
            {
                received = Socket.Receive(_socket, data, (nuint)_buffer.Length, 0);
            }

            // ENOBUFS: knocks came faster than they were read; whoever knocked knocks again.
            var reader = new MessageReader(_buffer.AsSpan(0, (int)Math.Max(received, 0)));
            while (reader.TryNext(out var header, out var body))
            {
                if (header.Type == (NfLog.Subsystem << 8 | NfLog.Packet))
                {
                    Show(body);
                }
                else if (header.Type == NetlinkAbi.TypeError && header.Sequence == awaited && body.Length >= sizeof(int))
                {
                    var error = -System.Runtime.InteropServices.MemoryMarshal.Read<int>(body);
                    if (error != 0)
                    {
                        throw new LinuxException("cannot watch for flows that begin in clear (nfnetlink_log)", error);
                    }

                    return;
                }
            }
        }
        while (awaited is not null);
    }

    private void Show(ReadOnlySpan<byte> body)
    {
        if (!AttributeReader.TrySplit<NetfilterHeader>(body, out _, out var attributes))
        {
            return;
        }

        while (attributes.TryNext(out var type, out var value))
        {
            if (type == NfLog.Payload)
            {
                var packet = value.ToArray();
                if (OffloadedChecksum.TryComplete(packet))
                {
                    _knocked(packet);
                }
            }
        }
    }
}
