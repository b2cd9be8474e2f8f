using System.Buffers.Binary;

namespace Latchkey.Simulator;

/// <summary>IKE messages that anybody can write: no key is needed for them, and no secret is in them.</summary>
internal static class IkeForgery
{
    private const byte NotifyPayload = 41;
    private const byte Informational = 37;
    private const byte ResponseFlag = 0x20;
    private const byte InitiatorFlag = 0x08;

    /// <summary>An unprotected INVALID_SPI (RFC 7296 §1.5): "your ESP with this SPI means nothing to me".</summary>
    public static byte[] InvalidSpi(SimulatedRandom random, uint spi)
    {
        Span<byte> data = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(data, spi);
        return Notify(random, InitiatorFlag, 11, data);
    }

    /// <summary>An unprotected INVALID_IKE_SPI with made-up SPIs (RFC 7296 §2.21.4).</summary>
    public static byte[] InvalidIkeSpi(SimulatedRandom random) => Notify(random, ResponseFlag, 4, []);

    /// <summary>A header that looks right, and noise behind it.</summary>
    public static byte[] Plausible(SimulatedRandom random)
    {
        var message = Noise(random, 28 + random.Below(200));
        WriteHeader(message, (byte)random.Pick([0, 33, 34, 40, 41, 46]), (byte)(34 + random.Below(4)), (byte)(random.Below(8) << 3));
        if (random.Chance(0.5))
        {
            // A first message: no responder SPI, message id 0.
            message.AsSpan(8, 8).Clear();
            message.AsSpan(20, 4).Clear();
        }

        return message;
    }

    public static byte[] Noise(SimulatedRandom random, int length)
    {
        var message = new byte[length];
        random.Fill(message);
        return message;
    }

    private static byte[] Notify(SimulatedRandom random, byte flags, ushort type, ReadOnlySpan<byte> data)
    {
        var message = Noise(random, 28 + 8 + data.Length);
        WriteHeader(message, NotifyPayload, Informational, flags);
        var payload = message.AsSpan(28);
        payload[..4].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(payload[2..], (ushort)payload.Length);
        payload[4] = 0;
        payload[5] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(payload[6..], type);
        data.CopyTo(payload[8..]);
        return message;
    }

    // RFC 7296 §3.1; the SPIs and the message id stay noise.
    private static void WriteHeader(Span<byte> message, byte nextPayload, byte exchange, byte flags)
    {
        message[16] = nextPayload;
        message[17] = 0x20;
        message[18] = exchange;
        message[19] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(message[24..], (uint)message.Length);
    }
}
