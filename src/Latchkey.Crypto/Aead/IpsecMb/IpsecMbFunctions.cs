namespace Latchkey.Crypto;

// The shapes are those of intel-ipsec-mb.h 1.3.0: aes_gcm_pre_t, aes_gcm_enc_dec_t, chacha_poly_*_t. Lengths are uint64_t.
// None of these functions keeps a pointer, calls back or blocks. A call for one packet takes a fraction of a microsecond, and nine for the
// longest there is. So the garbage collector, which waits that long at most, is not told of it (SuppressGCTransition).

/// <summary>The functions the library chose for this processor.</summary>
/// <param name="Variant">What it calls them, for example <c>vaes_avx512</c>.</param>
internal sealed record IpsecMbFunctions(string Variant, IpsecMbAesGcm AesGcm128, IpsecMbAesGcm AesGcm256, IpsecMbChaCha20Poly1305 ChaCha20Poly1305);

internal sealed unsafe class IpsecMbAesGcm(nint expandKey, nint encrypt, nint decrypt)
{
    /// <summary>(key, out schedule)</summary>
    public readonly delegate* unmanaged<byte*, byte*, void> ExpandKey = (delegate* unmanaged<byte*, byte*, void>)expandKey;

    /// <summary>(schedule, context, out, in, length, nonce of 12 octets, AAD, AAD length, out tag, tag length)</summary>
    public readonly delegate* unmanaged[SuppressGCTransition]<byte*, byte*, byte*, byte*, ulong, byte*, byte*, ulong, byte*, ulong, void> Encrypt =
        (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, byte*, byte*, ulong, byte*, byte*, ulong, byte*, ulong, void>)encrypt;

    /// <summary>As <see cref="Encrypt"/>; the tag is what it ought to be, for the caller to compare.</summary>
    public readonly delegate* unmanaged[SuppressGCTransition]<byte*, byte*, byte*, byte*, ulong, byte*, byte*, ulong, byte*, ulong, void> Decrypt =
        (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, byte*, byte*, ulong, byte*, byte*, ulong, byte*, ulong, void>)decrypt;
}

internal sealed unsafe class IpsecMbChaCha20Poly1305(nint begin, nint encrypt, nint decrypt, nint finish)
{
    /// <summary>(key, context, nonce of 12 octets, AAD, AAD length)</summary>
    public readonly delegate* unmanaged<byte*, byte*, byte*, byte*, ulong, void> Begin = (delegate* unmanaged<byte*, byte*, byte*, byte*, ulong, void>)begin;

    /// <summary>(key, context, out, in, length)</summary>
    public readonly delegate* unmanaged<byte*, byte*, byte*, byte*, ulong, void> Encrypt = (delegate* unmanaged<byte*, byte*, byte*, byte*, ulong, void>)encrypt;

    /// <summary>As <see cref="Encrypt"/>.</summary>
    public readonly delegate* unmanaged<byte*, byte*, byte*, byte*, ulong, void> Decrypt = (delegate* unmanaged<byte*, byte*, byte*, byte*, ulong, void>)decrypt;

    /// <summary>(context, out tag, tag length)</summary>
    public readonly delegate* unmanaged<byte*, byte*, ulong, void> Finish = (delegate* unmanaged<byte*, byte*, ulong, void>)finish;
}
