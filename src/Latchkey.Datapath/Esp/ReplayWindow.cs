namespace Latchkey.Datapath;

/// <summary>Which sequence numbers of an inbound SA were seen (RFC 4303 §3.4.3 and appendix A).</summary>
/// <remarks>A ring of bits. Ask <see cref="IsFresh"/> before the integrity check, call <see cref="Accept"/> only after it.</remarks>
internal sealed class ReplayWindow(bool esn, ulong highest = 0)
{
    /// <summary>Numbers remembered. A power of two; more than the packets that two cores or two paths can reorder.</summary>
    public const int Size = 2048;

    private readonly ulong[] _seen = new ulong[Size / 64];

    /// <summary>The highest number accepted.</summary>
    public ulong Highest { get; private set; } = highest;

    /// <summary>The whole sequence number that the 32 bits on the wire stand for (RFC 4303 appendix A2.2).</summary>
    /// <returns>0, which is never fresh, when it would lie before the first packet.</returns>
    public ulong Infer(uint low)
    {
        if (!esn)
        {
            return low;
        }

        var highestLow = (uint)Highest;
        var high = Highest >> 32;
        var bottom = highestLow - (Size - 1); // modulo 2^32, as in the appendix
        if (highestLow >= Size - 1)
        {
            return low >= bottom ? (high << 32) | low : ((high + 1) << 32) | low;
        }

        return low < bottom ? (high << 32) | low
            : high == 0 ? 0
            : ((high - 1) << 32) | low;
    }

    public bool IsFresh(ulong sequence) =>
        sequence > Highest
        || (sequence != 0 && Highest - sequence < Size && (_seen[Word(sequence)] & Bit(sequence)) == 0);

    public void Accept(ulong sequence)
    {
        if (sequence > Highest)
        {
            if (sequence - Highest >= Size)
            {
                Array.Clear(_seen);
            }
            else
            {
                for (var passed = Highest + 1; passed < sequence; passed++)
                {
                    _seen[Word(passed)] &= ~Bit(passed);
                }
            }

            Highest = sequence;
        }

        _seen[Word(sequence)] |= Bit(sequence);
    }

    private static int Word(ulong sequence) => (int)(sequence % Size / 64);

    private static ulong Bit(ulong sequence) => 1UL << (int)(sequence % 64);
}
