namespace Latchkey.Crypto;

/// <summary>intel-ipsec-mb (Debian: libipsec-mb1): several times as fast as OpenSSL on packets.</summary>
internal sealed class IpsecMbBackend : AeadBackend
{
    private readonly IpsecMbFunctions _functions;

    private IpsecMbBackend(IpsecMbFunctions functions, string version) => (_functions, Version) = (functions, version);

    public override string Library => "intel-ipsec-mb";

    public override string Version { get; }

    public override string? Variant => _functions.Variant;

    /// <returns>The backend; or null, and with it why the library is refused; or twice null when it is not installed.</returns>
    public static (AeadBackend? Backend, string? Refusal) Load()
    {
        try
        {
            return IpsecMbLibrary.Open(IpsecMbLibrary.Debian) is { } library ? (new IpsecMbBackend(library.Functions(), library.Version), null) : (null, null);
        }
        catch (IpsecMbException e)
        {
            return (null, $"{e.Message}; OpenSSL is used in its place");
        }
    }

    private protected override AeadKey CreateAesGcm(ReadOnlySpan<byte> key, SaltedNonce nonce) =>
        new IpsecMbAesGcmKey(key.Length == 16 ? _functions.AesGcm128 : _functions.AesGcm256, key, nonce);

    private protected override AeadKey CreateChaCha20Poly1305(ReadOnlySpan<byte> key, SaltedNonce nonce) =>
        new IpsecMbChaCha20Poly1305Key(_functions.ChaCha20Poly1305, key, nonce);
}
