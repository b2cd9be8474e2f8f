namespace Latchkey.Wire.Ike;

/// <summary>Transform types (RFC 7296 §3.3.2).</summary>
public enum TransformType : byte
{
    Encryption = 1,
    Prf = 2,
    Integrity = 3,
    KeyExchange = 4,
    ExtendedSequenceNumbers = 5,

    /// <summary>RFC 9370.</summary>
    AdditionalKeyExchange1 = 6,
}
