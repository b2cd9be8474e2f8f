using System.Buffers.Binary;
using System.Numerics;

namespace Latchkey.Daemon.Journal;

/// <summary>CRC-32C (RFC 9260, appendix A): finds every error of up to 32 adjacent bits, and any three in a record.</summary>
/// <remarks>Against accidents, not against forgers: who can write into the runtime folder is root.</remarks>
internal static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> octets)
    {
        var crc = uint.MaxValue;
        for (; octets.Length >= sizeof(ulong); octets = octets[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(octets));
        }

        foreach (var octet in octets)
        {
            crc = BitOperations.Crc32C(crc, octet);
        }

        return ~crc;
    }
}
