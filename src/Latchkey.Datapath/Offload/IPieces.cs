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

    /// <summary>Lays piece <paramref name="index"/> out within the packet itself, which saves its copy. Pieces in front of it are no more then.</summary>
    /// <param name="room">Octets behind the piece that the caller will write to, and must put back before the next piece.</param>
    /// <param name="piece">The piece, and the room behind it.</param>
    /// <returns>False when it is to be written elsewhere.</returns>
    bool TryLay(int index, int room, out Span<byte> piece);
}
