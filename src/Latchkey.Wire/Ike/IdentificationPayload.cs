namespace Latchkey.Wire.Ike;

/// <summary>Identification payload, IDi or IDr (RFC 7296 §3.5).</summary>
/// <param name="OfInitiator">True for IDi.</param>
/// <param name="IdType">From the registry "IKEv2 Identification Payload ID Types".</param>
/// <param name="Reserved">Zero when sent; kept when read because the AUTH signature covers it (RFC 7296 §2.15).</param>
public sealed record IdentificationPayload(bool OfInitiator, byte IdType, byte[] Data, uint Reserved = 0) : IkePayload
{
    public override PayloadType Type => OfInitiator ? PayloadType.IdentificationInitiator : PayloadType.IdentificationResponder;

    public override void WriteBody(IkeWriter writer)
    {
        writer.U32(((uint)IdType << 24) | Reserved);
        writer.Octets(Data);
    }

    /// <summary>RestOfInitIDPayload or RestOfRespIDPayload: the payload without its generic header (RFC 7296 §2.15).</summary>
    public byte[] Body()
    {
        var writer = new IkeWriter();
        WriteBody(writer);
        return writer.ToArray();
    }

    internal static IdentificationPayload Read(ref IkeReader reader, bool ofInitiator)
    {
        var first = reader.U32("ID payload");
        return new IdentificationPayload(ofInitiator, (byte)(first >> 24), reader.Rest().ToArray(), first & 0xff_ffff);
    }
}
