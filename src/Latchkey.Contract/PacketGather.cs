namespace Latchkey.Contract;

/// <summary>
/// Packets for a device, each of one or more pieces that lie apart in pinned slabs: what was decrypted in place, or joined,
/// is written without being copied together first. Made once and used for ever.
/// </summary>
public sealed class PacketGather
{
    /// <summary>Pieces of one packet at most.</summary>
    public const int MaximumPieces = 128;

    private readonly Piece[] _pieces;
    private readonly Packet[] _packets;
    private readonly byte[] _headers;
    private int _headerOctets;

    /// <param name="capacity">Packets.</param>
    /// <param name="pieces">Pieces of all packets together.</param>
    /// <param name="headerRoom">Octets of headers of all packets together, for <see cref="BeginWithHeader"/>.</param>
    public PacketGather(int capacity, int pieces, int headerRoom = 0)
    {
        _packets = new Packet[capacity];
        _pieces = new Piece[pieces];
        _headers = GC.AllocateArray<byte>(headerRoom, pinned: true);
    }

    /// <summary>Packets in use.</summary>
    public int Count { get; private set; }

    public int PieceCount { get; private set; }

    /// <summary>The pieces of packet <paramref name="index"/>, in order.</summary>
    public ReadOnlySpan<Piece> Pieces(int index) => _pieces.AsSpan(_packets[index].First, _packets[index].Pieces);

    /// <summary>What the device is still to do with packet <paramref name="index"/>.</summary>
    public PacketOffload Offload(int index) => _packets[index].Offload;

    /// <summary>Whether another packet with so many octets of header and one more piece has room.</summary>
    public bool HasRoom(int header) =>
        Count < _packets.Length && PieceCount + 2 <= _pieces.Length && _headerOctets + header <= _headers.Length;

    /// <summary>Begins another packet, without pieces.</summary>
    public void Begin() => _packets[Count++] = new Packet { First = PieceCount };

    /// <summary>Begins another packet with a header, to be written where the result says.</summary>
    public Memory<byte> BeginWithHeader(int length)
    {
        Begin();
        var room = _headers.AsMemory(_headerOctets, length);
        Add(new(_headers, _headerOctets, length));
        _headerOctets += length;
        return room;
    }

    /// <summary>Whether the last packet takes another piece.</summary>
    public bool TakesPiece => PieceCount < _pieces.Length && _packets[Count - 1].Pieces < MaximumPieces;

    /// <summary>Adds a piece to the last packet.</summary>
    public void Add(Piece piece)
    {
        _pieces[PieceCount++] = piece;
        _packets[Count - 1].Pieces++;
    }

    /// <summary>Leaves work on the last packet to the device.</summary>
    public void Leave(PacketOffload offload) => _packets[Count - 1].Offload = offload;

    public void Clear()
    {
        Count = 0;
        PieceCount = 0;
        _headerOctets = 0;
    }

    /// <summary>Some octets of a pinned array.</summary>
    public readonly record struct Piece(byte[] Slab, int Offset, int Length)
    {
        public ReadOnlySpan<byte> Octets => Slab.AsSpan(Offset, Length);
    }

    private struct Packet
    {
        public int First;
        public int Pieces;
        public PacketOffload Offload;
    }
}
