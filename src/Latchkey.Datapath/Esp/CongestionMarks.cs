namespace Latchkey.Datapath;

/// <summary>
/// Explicit congestion notification through a tunnel, in the normal mode of RFC 6040: the outer header begins with what the inner one says (§4.1),
/// and what routers made of it on the way is told to whom the inner packet goes (§4.2).
/// </summary>
internal static class CongestionMarks
{
    // The codepoints of RFC 3168 §5, in the order of their bits.
    private const int NotCapable = 0;
    private const int Capable1 = 1;
    private const int Experienced = 3;

    /// <summary>What the inner header says when it leaves the tunnel (RFC 6040, figure 4).</summary>
    /// <param name="inner">The two bits of the inner header.</param>
    /// <param name="outer">The two bits of the outer header.</param>
    /// <returns>The two bits; null: the packet is to be dropped, because to its sender nothing but a loss is a sign of congestion.</returns>
    public static byte? Leaving(int inner, int outer) => (inner, outer) switch
    {
        (NotCapable, Experienced) => null,
        (NotCapable or Experienced, _) => (byte)inner,
        (_, Capable1 or Experienced) => (byte)outer,
        _ => (byte)inner,
    };
}
