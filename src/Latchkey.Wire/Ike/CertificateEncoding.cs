namespace Latchkey.Wire.Ike;

/// <summary>Certificate encodings (RFC 7296 §3.6).</summary>
public enum CertificateEncoding : byte
{
    X509Signature = 4,
    Crl = 7,

    /// <summary>RFC 7670: a DER SubjectPublicKeyInfo.</summary>
    RawPublicKey = 15,
}
