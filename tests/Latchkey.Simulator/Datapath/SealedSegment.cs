namespace Latchkey.Simulator;

/// <summary>
/// ESP as a record: only who holds the SA of <paramref name="Spi"/> with the very same key material opens it.
/// </summary>
/// <param name="Key">What the key material is compared by.</param>
public sealed record SealedSegment(uint Spi, KeyId Key, ulong Sequence, Segment Segment)
{
    public override string ToString() => $"spi {Spi:x8} key {Key} seq {Sequence} {{ {Segment} }}";
}
