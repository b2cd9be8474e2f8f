using System.Buffers.Binary;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>Completes a checksum that the sender's stack left to its device.</summary>
internal static class PartialChecksum
{
    /// <returns>False when the field or what it covers lies outside the packet.</returns>
    public static bool TryComplete(Span<byte> packet, PacketOffload offload)
    {
        var field = offload.ChecksumStart + offload.ChecksumOffset;
        if (offload.ChecksumStart >= packet.Length || field + sizeof(ushort) > packet.Length)
        {
            return false;
        }

        // The field holds the pseudo header's sum and is summed with the rest. To UDP, zero would mean "no checksum" (RFC
        // 768); to the others, all ones are as good a zero.
        var checksum = InternetChecksum.Of(packet[offload.ChecksumStart..]);
        BinaryPrimitives.WriteUInt16BigEndian(packet[field..], checksum == 0 ? ushort.MaxValue : checksum);
        return true;
    }
}
