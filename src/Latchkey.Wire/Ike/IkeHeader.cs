using System.Buffers.Binary;

namespace Latchkey.Wire.Ike;

[Flags]
public enum IkeFlags : byte
{
    None = 0,

    /// <summary>Sent by the original initiator of the IKE SA.</summary>
    Initiator = 0x08,

    /// <summary>The sender could speak a higher major version.</summary>
    Version = 0x10,
    Response = 0x20,
}

/// <summary>The fixed header of every IKE message (RFC 7296 §3.1).</summary>
/// <param name="SpiR">Zero in the first message.</param>
/// <param name="Version">Major version in the high four bits.</param>
/// <param name="Length">Octets of the whole message.</param>
public readonly record struct IkeHeader(
    ulong SpiI, ulong SpiR, PayloadType NextPayload, byte Version, ExchangeType Exchange, IkeFlags Flags, uint MessageId, uint Length)
{
    /// <summary>Octets of the header.</summary>
    public const int Size = 28;

    /// <summary>IKEv2.</summary>
    public const byte Version2 = 0x20;

    public int MajorVersion => Version >> 4;

    public bool IsResponse => (Flags & IkeFlags.Response) != 0;

    public bool IsFromInitiator => (Flags & IkeFlags.Initiator) != 0;

    public static IkeHeader ForRequest(ulong spiI, ulong spiR, ExchangeType exchange, bool fromInitiator, uint messageId) =>
        new(spiI, spiR, PayloadType.NoNextPayload, Version2, exchange, fromInitiator ? IkeFlags.Initiator : IkeFlags.None, messageId, 0);

    public static IkeHeader ForResponse(ulong spiI, ulong spiR, ExchangeType exchange, bool fromInitiator, uint messageId) =>
        ForRequest(spiI, spiR, exchange, fromInitiator, messageId) with { Flags = IkeFlags.Response | (fromInitiator ? IkeFlags.Initiator : IkeFlags.None) };

    /// <summary>Reads the header alone; false when there are fewer than <see cref="Size"/> octets.</summary>
    /// <remarks>Says nothing of the version or the length: who gets a newer version must still be able to answer.</remarks>
    public static bool TryRead(ReadOnlySpan<byte> message, out IkeHeader header)
    {
        header = default;
        if (message.Length < Size)
        {
            return false;
        }

        header = new IkeHeader(
            BinaryPrimitives.ReadUInt64BigEndian(message),
            BinaryPrimitives.ReadUInt64BigEndian(message[8..]),
            (PayloadType)message[16],
            message[17],
            (ExchangeType)message[18],
            (IkeFlags)message[19],
            BinaryPrimitives.ReadUInt32BigEndian(message[20..]),
            BinaryPrimitives.ReadUInt32BigEndian(message[24..]));
        return true;
    }

    public void Write(IkeWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.U64(SpiI);
        writer.U64(SpiR);
        writer.U8((byte)NextPayload);
        writer.U8(Version);
        writer.U8((byte)Exchange);
        writer.U8((byte)Flags);
        writer.U32(MessageId);
        writer.U32(Length);
    }
}
