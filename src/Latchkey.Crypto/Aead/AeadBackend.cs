namespace Latchkey.Crypto;

/// <summary>A library that computes the AEADs. All give the same octets; they differ in speed.</summary>
/// <remarks>A backend is used only after <see cref="AeadSelfTest"/> (docs/decisions/crypto-libraries.md).</remarks>
public abstract class AeadBackend
{
    private static readonly Lazy<AeadChoice> Choice = new(() => AeadChoice.Make(IpsecMbBackend.Load, new BclBackend()));

    /// <summary>Which one this process uses, and why: decided once, by the first who asks.</summary>
    /// <exception cref="AeadSelfTestException">None computes what it should; nothing can be encrypted.</exception>
    public static AeadChoice Decision => Choice.Value;

    /// <inheritdoc cref="Decision"/>
    public static AeadBackend Chosen => Choice.Value.Backend;

    /// <summary>The library's own name.</summary>
    public abstract string Library { get; }

    /// <summary>The library's own version, for example <c>1.3.0</c>.</summary>
    public abstract string Version { get; }

    /// <summary>Which of its implementations the library takes on this processor, or null when it does not say.</summary>
    public abstract string? Variant { get; }

    /// <inheritdoc cref="AeadAlgorithm.CreateKey"/>
    public AeadKey CreateKey(AeadAlgorithm algorithm, ReadOnlySpan<byte> keyMaterial)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        if (keyMaterial.Length != algorithm.KeyMaterialLength)
        {
            throw new ArgumentException($"{algorithm} takes {algorithm.KeyMaterialLength} octets of key and salt, not {keyMaterial.Length}", nameof(keyMaterial));
        }

        var key = keyMaterial[..algorithm.KeyLength];
        var nonce = new SaltedNonce(keyMaterial[algorithm.KeyLength..]);
        return algorithm switch
        {
            AesGcm16 => CreateAesGcm(key, nonce),
            ChaCha20Poly1305Aead => CreateChaCha20Poly1305(key, nonce),
            _ => throw new ArgumentException($"no backend computes {algorithm}", nameof(algorithm)),
        };
    }

    public override string ToString() => Variant is null ? $"{Library} {Version}" : $"{Library} {Version} ({Variant})";

    /// <param name="key">16 or 32 octets.</param>
    private protected abstract AeadKey CreateAesGcm(ReadOnlySpan<byte> key, SaltedNonce nonce);

    private protected abstract AeadKey CreateChaCha20Poly1305(ReadOnlySpan<byte> key, SaltedNonce nonce);
}
