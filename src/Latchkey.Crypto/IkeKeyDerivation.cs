namespace Latchkey.Crypto;

/// <summary>Key derivation of IKEv2 (RFC 7296 §2.13, §2.14, §2.17, §2.18).</summary>
public static class IkeKeyDerivation
{
    /// <summary>prf+(key, seed): fills <paramref name="output"/>, at most 255 blocks (§2.13).</summary>
    /// <exception cref="ArgumentException">More than 255 blocks asked for.</exception>
    public static void PrfPlus(PrfAlgorithm prf, ReadOnlySpan<byte> key, ReadOnlySpan<byte> seed, Span<byte> output)
    {
        if (output.Length > 255 * prf.OutputLength)
        {
            throw new ArgumentException($"prf+ with {prf.Name} gives at most {255 * prf.OutputLength} octets, not {output.Length}", nameof(output));
        }

        // T(n) = prf(K, T(n-1) | S | n). T(0) is empty, so the first block leaves out the front of the buffer.
        var blockLength = prf.OutputLength;
        using var input = new SecretBytes(blockLength + seed.Length + 1);
        using var block = new SecretBytes(blockLength);
        seed.CopyTo(input.Span[blockLength..]);
        for (var n = 1; !output.IsEmpty; n++)
        {
            input.Span[^1] = (byte)n;
            prf.Compute(key, n == 1 ? input.Span[blockLength..] : input.Span, block.Span);
            block.Span.CopyTo(input.Span);
            var taken = Math.Min(blockLength, output.Length);
            block.Span[..taken].CopyTo(output);
            output = output[taken..];
        }
    }

    /// <summary>SKEYSEED = prf(Ni | Nr, g^ir) (§2.14).</summary>
    public static SecretBytes SkeySeed(PrfAlgorithm prf, ReadOnlySpan<byte> nonceI, ReadOnlySpan<byte> nonceR, ReadOnlySpan<byte> shared)
    {
        using var nonces = Join(nonceI, nonceR);
        var skeySeed = new SecretBytes(prf.OutputLength);
        prf.Compute(nonces.Span, shared, skeySeed.Span);
        return skeySeed;
    }

    /// <summary>SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the old SA's prf (§2.18).</summary>
    public static SecretBytes RekeySkeySeed(PrfAlgorithm oldPrf, ReadOnlySpan<byte> oldSkD, ReadOnlySpan<byte> shared, ReadOnlySpan<byte> nonceI, ReadOnlySpan<byte> nonceR)
    {
        using var data = Join(shared, nonceI, nonceR);
        var skeySeed = new SecretBytes(oldPrf.OutputLength);
        oldPrf.Compute(oldSkD, data.Span, skeySeed.Span);
        return skeySeed;
    }

    /// <summary>
    /// The keys of an IKE SA from SKEYSEED (§2.14). SK_ai and SK_ar, which only old ciphers have, stand behind SK_ei and SK_er,
    /// as the cipher takes them.
    /// </summary>
    /// <param name="spiI">8 octets.</param>
    /// <param name="spiR">8 octets.</param>
    public static IkeSaKeys IkeKeys(PrfAlgorithm prf, AeadAlgorithm aead, ReadOnlySpan<byte> skeySeed, ReadOnlySpan<byte> nonceI, ReadOnlySpan<byte> nonceR, ReadOnlySpan<byte> spiI, ReadOnlySpan<byte> spiR)
    {
        using var seed = Join(nonceI, nonceR, spiI, spiR);
        var (prfLength, integrity) = (prf.OutputLength, aead.IntegrityKeyLength);
        var encryption = aead.KeyMaterialLength - integrity;
        using var stream = new SecretBytes((3 * prfLength) + (2 * aead.KeyMaterialLength));
        PrfPlus(prf, skeySeed, seed.Span, stream.Span);
        var rest = (ReadOnlySpan<byte>)stream.Span;
        var skD = Cut(ref rest, prfLength);
        var skA = rest[..(2 * integrity)];
        var skE = rest.Slice(2 * integrity, 2 * encryption);
        rest = rest[(2 * aead.KeyMaterialLength)..];
        return new IkeSaKeys(
            skD, Join(skE[..encryption], skA[..integrity]), Join(skE[encryption..], skA[integrity..]), Cut(ref rest, prfLength), Cut(ref rest, prfLength));
    }

    /// <summary>
    /// SK_d, SK_pi and SK_pr with a key in them that both ends were given beforehand: prf+(PPK, SK_x') (RFC 8784 §3). The keys that
    /// protect the IKE SA stay as they are.
    /// </summary>
    public static IkeSaKeys MixIn(PrfAlgorithm prf, ReadOnlySpan<byte> ppk, IkeSaKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new IkeSaKeys(Mixed(prf, ppk, keys.SkD), new SecretBytes(keys.SkEi.Span), new SecretBytes(keys.SkEr.Span), Mixed(prf, ppk, keys.SkPi), Mixed(prf, ppk, keys.SkPr));
    }

    private static SecretBytes Mixed(PrfAlgorithm prf, ReadOnlySpan<byte> ppk, SecretBytes key)
    {
        var mixed = new SecretBytes(prf.OutputLength);
        PrfPlus(prf, ppk, key.Span, mixed.Span);
        return mixed;
    }

    /// <summary>KEYMAT of a Child SA (§2.17); <paramref name="shared"/> is empty without a new key exchange.</summary>
    public static ChildSaKeys ChildKeys(PrfAlgorithm prf, AeadAlgorithm aead, ReadOnlySpan<byte> skD, ReadOnlySpan<byte> shared, ReadOnlySpan<byte> nonceI, ReadOnlySpan<byte> nonceR)
    {
        using var seed = Join(shared, nonceI, nonceR);
        using var stream = new SecretBytes(2 * aead.KeyMaterialLength);
        PrfPlus(prf, skD, seed.Span, stream.Span);
        var rest = (ReadOnlySpan<byte>)stream.Span;
        return new ChildSaKeys(Cut(ref rest, aead.KeyMaterialLength), Cut(ref rest, aead.KeyMaterialLength));
    }

    private static SecretBytes Cut(ref ReadOnlySpan<byte> stream, int length)
    {
        var key = new SecretBytes(stream[..length]);
        stream = stream[length..];
        return key;
    }

    private static SecretBytes Join(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c = default, ReadOnlySpan<byte> d = default)
    {
        var all = new SecretBytes(a.Length + b.Length + c.Length + d.Length);
        a.CopyTo(all.Span);
        b.CopyTo(all.Span[a.Length..]);
        c.CopyTo(all.Span[(a.Length + b.Length)..]);
        d.CopyTo(all.Span[(a.Length + b.Length + c.Length)..]);
        return all;
    }
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
