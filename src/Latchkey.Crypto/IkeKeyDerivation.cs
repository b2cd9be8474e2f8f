namespace Latchkey.Crypto;

/// <summary>Key derivation of IKEv2 (RFC 7296 §2.13, §2.14, §2.17, §2.18).</summary>
public static class IkeKeyDerivation
{
    /// <summary>prf+(key, seed): fills <paramref name="output"/>, at most 255 blocks (§2.13).</summary>
    /// <exception cref="ArgumentException">More than 255 blocks asked for.</exception>
    public static void PrfPlus(PrfAlgorithm prf, ReadOnlySpan<byte> key, ReadOnlySpan<byte> seed, Span<byte> output) =>
        throw new NotSupportedException();

    /// <summary>SKEYSEED = prf(Ni | Nr, g^ir) (§2.14).</summary>
    public static SecretBytes SkeySeed(PrfAlgorithm prf, ReadOnlySpan<byte> nonceI, ReadOnlySpan<byte> nonceR, ReadOnlySpan<byte> shared) =>
        throw new NotSupportedException();

    /// <summary>SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the old SA's prf (§2.18).</summary>
    public static SecretBytes RekeySkeySeed(PrfAlgorithm oldPrf, ReadOnlySpan<byte> oldSkD, ReadOnlySpan<byte> shared, ReadOnlySpan<byte> nonceI, ReadOnlySpan<byte> nonceR) =>
        throw new NotSupportedException();

    /// <summary>The keys of an IKE SA from SKEYSEED: SK_d, SK_ei, SK_er, SK_pi, SK_pr; with AEAD there is no SK_a (§2.14).</summary>
    /// <param name="spiI">8 octets.</param>
    /// <param name="spiR">8 octets.</param>
    public static IkeSaKeys IkeKeys(PrfAlgorithm prf, AeadAlgorithm aead, ReadOnlySpan<byte> skeySeed, ReadOnlySpan<byte> nonceI, ReadOnlySpan<byte> nonceR, ReadOnlySpan<byte> spiI, ReadOnlySpan<byte> spiR) =>
        throw new NotSupportedException();

    /// <summary>KEYMAT of a Child SA (§2.17); <paramref name="shared"/> is empty without a new key exchange.</summary>
    public static ChildSaKeys ChildKeys(PrfAlgorithm prf, AeadAlgorithm aead, ReadOnlySpan<byte> skD, ReadOnlySpan<byte> shared, ReadOnlySpan<byte> nonceI, ReadOnlySpan<byte> nonceR) =>
        throw new NotSupportedException();
}

/// <summary>Keys of an IKE SA; <c>i</c> and <c>r</c> are the original initiator and responder. Disposing clears all.</summary>
public sealed record IkeSaKeys(SecretBytes SkD, SecretBytes SkEi, SecretBytes SkEr, SecretBytes SkPi, SecretBytes SkPr) : IDisposable
{
    public void Dispose()
    {
        SkD.Dispose();
        SkEi.Dispose();
        SkEr.Dispose();
        SkPi.Dispose();
        SkPr.Dispose();
    }
}

/// <summary>Keying material of a Child SA by direction; the initiator is who began the exchange that made it (§2.17).</summary>
public sealed record ChildSaKeys(SecretBytes InitiatorToResponder, SecretBytes ResponderToInitiator) : IDisposable
{
    public void Dispose()
    {
        InitiatorToResponder.Dispose();
        ResponderToInitiator.Dispose();
    }
}
