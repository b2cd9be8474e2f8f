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
