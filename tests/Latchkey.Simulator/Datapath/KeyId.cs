using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Latchkey.Simulator;

/// <summary>Stands for key material: equal exactly when the octets are.</summary>
public readonly record struct KeyId(UInt128 Digest)
{
    public static KeyId Of(ReadOnlySpan<byte> keyMaterial)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(keyMaterial, hash);
        return new KeyId(BinaryPrimitives.ReadUInt128BigEndian(hash));
    }

    public override string ToString() => $"{(uint)(Digest >> 96):x8}";
}
