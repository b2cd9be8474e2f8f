namespace Latchkey.Wire.Ike;

/// <summary>Authentication methods of the AUTH payload (RFC 7296 §3.8).</summary>
public enum AuthMethod : byte
{
    RsaSignature = 1,
    SharedKey = 2,
    DssSignature = 3,
    EcdsaP256 = 9,
    EcdsaP384 = 10,
    EcdsaP521 = 11,
    Gspm = 12,
    Null = 13,

    /// <summary>RFC 7427: the payload names its own algorithm.</summary>
    DigitalSignature = 14,
}
