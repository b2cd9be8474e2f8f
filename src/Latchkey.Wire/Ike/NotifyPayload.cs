namespace Latchkey.Wire.Ike;

/// <summary>Notify payload: an error or a status (RFC 7296 §3.10).</summary>
/// <param name="Spi">Empty unless the notify concerns one SA.</param>
public sealed record NotifyPayload(IkeProtocol Protocol, byte[] Spi, NotifyType Notify, byte[] Data) : IkePayload
{
    /// <summary>Octets before SPI and data: protocol, SPI size, type.</summary>
    public const int FixedLength = 4;

    public NotifyPayload(NotifyType notify, params byte[] data)
        : this(IkeProtocol.None, [], notify, data)
    {
    }

    public override PayloadType Type => PayloadType.Notify;

    public override void WriteBody(IkeWriter writer)
    {
        writer.U8((byte)Protocol);
        writer.U8(checked((byte)Spi.Length));
        writer.U16((ushort)Notify);
        writer.Octets(Spi);
        writer.Octets(Data);
    }

    internal static NotifyPayload Read(ref IkeReader reader)
    {
        var protocol = (IkeProtocol)reader.U8("notify protocol");
        var spiSize = reader.U8("notify SPI size");
        var type = (NotifyType)reader.U16("notify type");
        var spi = reader.Take(spiSize, "notify SPI").ToArray();
        return new NotifyPayload(protocol, spi, type, reader.Rest().ToArray());
    }
}
