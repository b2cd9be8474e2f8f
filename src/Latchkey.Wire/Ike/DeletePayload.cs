using System.Collections.Immutable;

namespace Latchkey.Wire.Ike;

/// <summary>Delete payload (RFC 7296 §3.11).</summary>
/// <param name="Spis">The sender's inbound ESP or AH SPIs; empty for the IKE SA itself.</param>
public sealed record DeletePayload(IkeProtocol Protocol, ImmutableArray<uint> Spis) : IkePayload
{
    public static DeletePayload IkeSa { get; } = new(IkeProtocol.Ike, []);

    public override PayloadType Type => PayloadType.Delete;

    public static DeletePayload Esp(params ImmutableArray<uint> spis) => new(IkeProtocol.Esp, spis);

    public override void WriteBody(IkeWriter writer)
    {
        writer.U8((byte)Protocol);
        writer.U8(Protocol == IkeProtocol.Ike ? (byte)0 : (byte)4);
        writer.U16(checked((ushort)Spis.Length));
        foreach (var spi in Spis)
        {
            writer.U32(spi);
        }
    }

    internal static DeletePayload Read(ref IkeReader reader)
    {
        var protocol = (IkeProtocol)reader.U8("delete protocol");
        var spiSize = reader.U8("delete SPI size");
        var count = reader.U16("delete SPI count");
        var expectedSize = protocol == IkeProtocol.Ike ? 0 : 4;
        if (spiSize != expectedSize)
        {
            reader.Fail("delete SPI size", expectedSize, spiSize);
        }
        else if (count > IkeLimits.DeletedSpis)
        {
            reader.Fail("deleted SPIs", IkeLimits.DeletedSpis, count);
        }
        else if (count * spiSize != reader.Remaining)
        {
            reader.Fail("deleted SPIs", count * spiSize, reader.Remaining);
        }

        var spis = ImmutableArray.CreateBuilder<uint>();
        while (reader.Remaining > 0)
        {
            spis.Add(reader.U32("deleted SPI"));
        }

        return new DeletePayload(protocol, spis.ToImmutable());
    }
}
