namespace Latchkey.Linux.Protection;

/// <summary>Names and numbers in the kernel that are ours.</summary>
public sealed record ProtectionSettings
{
    /// <summary>SO_MARK of our outer packets (<see cref="Sockets.OuterSocketSettings"/>); the same number everywhere, not 0.</summary>
    public uint Mark { get; init; } = 0x4c4b;

    /// <summary>Our routing table.</summary>
    public uint RoutingTable { get; init; } = 7296;

    /// <summary>Our routing table for addresses that the host has lost, and whose sockets are still to be told.</summary>
    public uint LostAddressTable { get; init; } = 7297;

    /// <summary>
    /// Priority of our first routing rule. The block holds 1000 priorities; it must come after the rule for the local
    /// table (0) and before that for the main table (32766).
    /// </summary>
    public uint FirstRulePriority { get; init; } = 7296;

    /// <summary>The TUN device.</summary>
    public string Device { get; init; } = Tun.TunDevice.DefaultName;

    /// <summary>The group of nfnetlink_log on which packets are shown that begin a flow in clear; free in this network namespace.</summary>
    public ushort KnockGroup { get; init; } = 7296;

    /// <summary>Our nftables table, of family <c>inet</c>.</summary>
    public string FilterTable { get; init; } = "latchkey";
}
