namespace Latchkey.Wire.Ike;

/// <summary>Certificate payload (RFC 7296 §3.6).</summary>
public sealed record CertificatePayload(CertificateEncoding Encoding, byte[] Data) : IkePayload
{
    public override PayloadType Type => PayloadType.Certificate;

    public override void WriteBody(IkeWriter writer)
    {
        writer.U8((byte)Encoding);
        writer.Octets(Data);
    }

    internal static CertificatePayload Read(ref IkeReader reader)
    {
        var encoding = (CertificateEncoding)reader.U8("CERT encoding");
        return new CertificatePayload(encoding, reader.Rest().ToArray());
    }
}
