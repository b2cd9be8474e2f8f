namespace Latchkey.Wire.Ike;

/// <summary>Counts and sizes beyond which a message is refused, so that no message costs more than its length suggests.</summary>
public static class IkeLimits
{
    /// <summary>The largest UDP payload over IPv4, less the non-ESP marker.</summary>
    public const int Message = 65_507 - 4;

    /// <summary>What a message that came in fragments may hold, and be cut into: a chain of certificates needs less than half of it.</summary>
    public const int Assembled = 16_384;

    public const int Fragments = 64;

    /// <summary>Real messages have about a dozen.</summary>
    public const int Payloads = 64;

    public const int Proposals = 32;

    /// <summary>Per proposal; the chattiest peers offer about fifty.</summary>
    public const int Transforms = 128;

    /// <summary>Per transform; only Key Length is defined.</summary>
    public const int Attributes = 8;

    public const int Selectors = 255;

    /// <summary>SPIs in one Delete.</summary>
    public const int DeletedSpis = 4096;

    /// <summary>RFC 7296 §2.10.</summary>
    public const int NonceMinimum = 16;

    /// <summary>RFC 7296 §2.10.</summary>
    public const int NonceMaximum = 256;
}
