using System.Buffers.Binary;

namespace Latchkey.Fuzz;

/// <summary>
/// Makes inputs from a corpus without looking at what they reach: the short form, which needs no instrumentation and
/// replays exactly. <c>./fuzz</c> has AFL++ do better.
/// </summary>
public sealed class Mutator(IReadOnlyList<byte[]> corpus, int seed)
{
    private static readonly byte[] Edges = [0, 1, 2, 4, 8, 16, 32, 64, 127, 128, 255];

    private readonly Random _random = new(seed);

    public byte[] Next(int longest)
    {
        var input = new List<byte>(Pick());
        for (var left = 1 << _random.Next(6); left > 0; left--)
        {
            Mutate(input);
        }

        return [.. input.Take(longest)];
    }

    private byte[] Pick() => corpus[_random.Next(corpus.Count)];

    private void Mutate(List<byte> input)
    {
        var at = input.Count == 0 ? 0 : _random.Next(input.Count);
        switch (_random.Next(7))
        {
            case 0 when input.Count > 0:
                input[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when input.Count > 0:
                input[at] = Edges[_random.Next(Edges.Length)];
                break;
            case 2 when input.Count > 0:
                input.RemoveRange(at, Math.Min(input.Count - at, 1 + _random.Next(16)));
                break;
            case 3:
                input.InsertRange(at, Piece(Pick()));
                break;
            case 4 when input.Count > 1:
                WriteLength(input, Math.Min(at, input.Count - 2));
                break;
            case 5 when input.Count > 0:
                input.InsertRange(at, Piece([.. input]));
                break;
            default:
                input.Insert(at, (byte)_random.Next(256));
                break;
        }
    }

    private byte[] Piece(byte[] source)
    {
        if (source.Length == 0)
        {
            return [];
        }

        var start = _random.Next(source.Length);
        return source[start..Math.Min(source.Length, start + 1 + _random.Next(64))];
    }

    /// <summary>Lengths are where parsers err.</summary>
    private void WriteLength(List<byte> input, int at)
    {
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)_random.Next(input.Count + 8));
        (input[at], input[at + 1]) = (length[0], length[1]);
    }
}
