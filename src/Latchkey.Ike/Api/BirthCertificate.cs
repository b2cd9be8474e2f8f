using System.Buffers.Binary;

namespace Latchkey.Ike;

/// <summary>
/// Which life of its host a peer speaks from: it tells a host that restarted from one whose daemon did. Said inside
/// IKE_AUTH only, so it is as authentic as the peer's key. The format is in docs/birth-certificates.md.
/// </summary>
/// <param name="Number">Lives of this host are numbered upwards.</param>
/// <param name="Digest">Differs between any two lives; what it is made of is the sender's secret.</param>
/// <param name="Began">When that life began, on the clock of whoever holds this; a peer's may have begun a little earlier, never later.</param>
public readonly record struct BirthCertificate(ulong Number, UInt128 Digest, TimeSpan Began)
{
    private const byte Version = 1;
    private const int Length = 1 + 8 + 8 + 16;

    /// <summary>33 octets, the data of the private notify. An age needs no common clock.</summary>
    public byte[] ToBytes(TimeSpan now)
    {
        var octets = new byte[Length];
        octets[0] = Version;
        BinaryPrimitives.WriteUInt64BigEndian(octets.AsSpan(1), Number);
        BinaryPrimitives.WriteUInt64BigEndian(octets.AsSpan(9), (ulong)Math.Max((long)(now - Began).TotalMilliseconds, 0));
        BinaryPrimitives.WriteUInt128BigEndian(octets.AsSpan(17), Digest);
        return octets;
    }

    /// <returns>Null for a version or a length that is not known: then the peer showed none.</returns>
    public static BirthCertificate? Read(ReadOnlySpan<byte> octets, TimeSpan now)
    {
        if (octets.Length != Length || octets[0] != Version)
        {
            return null;
        }

        var age = Math.Min(BinaryPrimitives.ReadUInt64BigEndian(octets[9..]), uint.MaxValue * 1000UL);
        return new BirthCertificate(
            BinaryPrimitives.ReadUInt64BigEndian(octets[1..]), BinaryPrimitives.ReadUInt128BigEndian(octets[17..]), now - TimeSpan.FromMilliseconds((long)age));
    }
}
