namespace Latchkey.Bench.Peers;

/// <summary>A peer that is up.</summary>
/// <param name="Address">What a client in A connects to.</param>
/// <param name="Daemons">Its processes in A and B; none when the kernel does everything.</param>
/// <param name="Detail">What it says of itself: the cipher.</param>
internal sealed record Tunnel(string Address, IReadOnlyList<int> Daemons, string Detail);
