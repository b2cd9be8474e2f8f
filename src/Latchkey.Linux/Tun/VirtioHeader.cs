using Latchkey.Contract;
using Latchkey.Linux.Native;

namespace Latchkey.Linux.Tun;

/// <summary>The kernel's form of a <see cref="PacketOffload"/>.</summary>
internal static class VirtioHeader
{
    public static PacketOffload Read(in VirtioNetHeader header) => new(
        (header.SegmentKind & ~VirtioNetHeader.SegmentEcn) switch
        {
            VirtioNetHeader.SegmentNone => SegmentKind.None,
            VirtioNetHeader.SegmentTcp4 or VirtioNetHeader.SegmentTcp6 => SegmentKind.Tcp,
            VirtioNetHeader.SegmentUdp => SegmentKind.Udp,
            _ => SegmentKind.Unknown,
        },
        header.SegmentSize,
        header.HeaderLength,
        (header.Flags & VirtioNetHeader.NeedsChecksum) != 0,
        header.ChecksumStart,
        header.ChecksumOffset);

    public static VirtioNetHeader Write(PacketOffload offload, bool isV6) => new()
    {
        Flags = offload.NeedsChecksum ? VirtioNetHeader.NeedsChecksum : (byte)0,
        SegmentKind = offload.Kind switch
        {
            SegmentKind.Tcp => isV6 ? VirtioNetHeader.SegmentTcp6 : VirtioNetHeader.SegmentTcp4,
            SegmentKind.Udp => VirtioNetHeader.SegmentUdp,
            _ => VirtioNetHeader.SegmentNone,
        },
        SegmentSize = offload.SegmentSize,
        HeaderLength = offload.HeaderLength,
        ChecksumStart = offload.ChecksumStart,
        ChecksumOffset = offload.ChecksumOffset,
    };
}
