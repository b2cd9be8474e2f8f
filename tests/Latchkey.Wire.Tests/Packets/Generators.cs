using CsCheck;

namespace Latchkey.Wire.Tests;

/// <summary>Random values of the packet formats.</summary>
internal static class Generators
{
    public static readonly Gen<InetAddress> V4 = Gen.UInt.Select(InetAddress.FromV4);

    public static readonly Gen<InetAddress> V6 =
        Gen.Select(Gen.ULong, Gen.ULong).Select((high, low) => InetAddress.FromV6(new UInt128(high, low)));

    public static readonly Gen<(InetAddress Source, InetAddress Destination)> Addresses =
        Gen.Bool.SelectMany(v6 => Gen.Select(v6 ? V6 : V4, v6 ? V6 : V4));

    public static readonly Gen<byte[]> Payload = Gen.Byte.Array[0, 200];

    /// <summary>Options as they come from the network: whole words of anything.</summary>
    public static readonly Gen<byte[]> OptionWords = Gen.Int[0, 10].SelectMany(words => Gen.Byte.Array[words * 4]);

    /// <summary>Anything, and often something that begins like a packet.</summary>
    public static readonly Gen<byte[]> Hostile = Gen.OneOf(
        Gen.Byte.Array[0, 120],
        Gen.Select(Pick(0x45, 0x4F, 0x46, 0x60), Gen.Byte.Array[0, 120], (first, rest) => (byte[])[first, .. rest]),
        Gen.Select(HeaderKinds, Gen.Byte[0, 3], Gen.Byte.Array[8, 120], PlausibleV6));

    private static Gen<byte> HeaderKinds => Pick(0, 43, 44, 60, 6, 17, 58, 59);

    private static Gen<byte> Pick(params byte[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static byte[] PlausibleV6(byte next, byte length, byte[] rest)
    {
        var packet = new byte[40 + rest.Length];
        rest.CopyTo(packet, 40);
        packet[0] = 0x60;
        packet[5] = (byte)rest.Length;
        packet[6] = next;
        packet[40] = next;
        packet[41] = length;
        return packet;
    }
}
