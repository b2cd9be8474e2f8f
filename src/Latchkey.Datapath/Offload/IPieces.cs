namespace Latchkey.Datapath;

/// <summary>The packets that one packet is cut into.</summary>
internal interface IPieces
{
    int Count { get; }

    /// <summary>Octets of piece <paramref name="index"/>.</summary>
    int LengthOf(int index);

    /// <summary>Writes piece <paramref name="index"/>.</summary>
    /// <param name="destination">As long as <see cref="LengthOf"/> says.</param>
    void Write(int index, Span<byte> destination);
}
