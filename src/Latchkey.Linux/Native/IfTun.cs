using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Latchkey.Linux.Native;

/// <summary><c>linux/if_tun.h</c>.</summary>
internal static class IfTun
{
    /// <summary>TUNSETIFF, <c>_IOW('T', 202, int)</c>.</summary>
    public const uint SetInterface = 0x400454ca;

    /// <summary>IFF_TUN: IP packets without a link-layer header.</summary>
    public const short Tun = 0x0001;

    /// <summary>IFF_NO_PI: no packet information in front.</summary>
    public const short NoPacketInformation = 0x1000;

    /// <summary>IFF_VNET_HDR: a <see cref="VirtioNetHeader"/> in front of every packet.</summary>
    public const short VirtioHeader = 0x4000;

    /// <summary>TUNSETOFFLOAD, <c>_IOW('T', 208, unsigned int)</c>; the flags are its argument.</summary>
    public const uint SetOffload = 0x400454d0;

    public const uint OffloadChecksum = 0x01;
    public const uint OffloadTcp4 = 0x02;
    public const uint OffloadTcp6 = 0x04;
    public const uint OffloadTcpEcn = 0x08;
    public const uint OffloadUdp4 = 0x20;
    public const uint OffloadUdp6 = 0x40;
}

/// <summary><c>struct virtio_net_hdr</c> of <c>linux/virtio_net.h</c>, in the processor's order of octets.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct VirtioNetHeader
{
    public const int Size = 10;

    /// <summary>VIRTIO_NET_HDR_F_NEEDS_CSUM.</summary>
    public const byte NeedsChecksum = 1;

    public const byte SegmentNone = 0;
    public const byte SegmentTcp4 = 1;
    public const byte SegmentTcp6 = 4;
    public const byte SegmentUdp = 5;

    /// <summary>VIRTIO_NET_HDR_GSO_ECN: a flag beside the kind, which TCP's CWR flag says as well.</summary>
    public const byte SegmentEcn = 0x80;

    public byte Flags;
    public byte SegmentKind;
    public ushort HeaderLength;
    public ushort SegmentSize;
    public ushort ChecksumStart;
    public ushort ChecksumOffset;
}

/// <summary><c>struct ifreq</c> of <c>net/if.h</c>, with the member <c>ifr_flags</c> of its union.</summary>
[StructLayout(LayoutKind.Sequential, Size = 40)]
internal struct InterfaceRequest
{
    public InterfaceName Name;
    public short Flags;
}

/// <summary><c>char ifr_name[IFNAMSIZ]</c>, zero-terminated.</summary>
[InlineArray(Size)]
internal struct InterfaceName
{
    public const int Size = 16;

    private byte _first;
}
