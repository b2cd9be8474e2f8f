namespace Latchkey.Wire.Ike;

/// <summary>Certificate Request payload (RFC 7296 §3.7).</summary>
/// <param name="Authorities">SHA-1 hashes of authorities' keys; empty for raw public keys (RFC 7670 §3).</param>
public sealed record CertificateRequestPayload(CertificateEncoding Encoding, byte[] Authorities) : IkePayload
{
    public override PayloadType Type => PayloadType.CertificateRequest;

    public override void WriteBody(IkeWriter writer)
    {
        writer.U8((byte)Encoding);
        writer.Octets(Authorities);
    }

    internal static CertificateRequestPayload Read(ref IkeReader reader)
    {
        var encoding = (CertificateEncoding)reader.U8("CERTREQ encoding");
        return new CertificateRequestPayload(encoding, reader.Rest().ToArray());
    }
}
