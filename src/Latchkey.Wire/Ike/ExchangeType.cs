namespace Latchkey.Wire.Ike;

/// <summary>IKEv2 exchange types (RFC 7296 §3.1).</summary>
public enum ExchangeType : byte
{
    IkeSaInit = 34,
    IkeAuth = 35,
    CreateChildSa = 36,
    Informational = 37,

    /// <summary>RFC 9242.</summary>
    IkeIntermediate = 43,
}
