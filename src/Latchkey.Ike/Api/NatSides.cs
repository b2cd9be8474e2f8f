namespace Latchkey.Ike;

/// <summary>On which side of an IKE SA a NAT changes addresses or ports (RFC 7296 §2.23).</summary>
/// <param name="Here">In front of us: the peer sees another endpoint than ours.</param>
/// <param name="There">In front of the peer: we see another endpoint than the peer's own.</param>
public readonly record struct NatSides(bool Here, bool There)
{
    public bool Any => Here || There;
}
