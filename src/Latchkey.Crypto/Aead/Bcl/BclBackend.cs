using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>The .NET library, which calls OpenSSL: always there.</summary>
internal sealed class BclBackend : AeadBackend
{
    public override string Library => "OpenSSL";

    // OpenSSL 3 packs its version as 0xMNN00PP0 (OPENSSL_VERSION_NUMBER).
    public override string Version { get; } = Unpacked(SafeEvpPKeyHandle.OpenSslVersion);

    public override string? Variant => null;

    private protected override AeadKey CreateAesGcm(ReadOnlySpan<byte> key, SaltedNonce nonce) => new BclAesGcmKey(key, nonce);

    private protected override AeadKey CreateChaCha20Poly1305(ReadOnlySpan<byte> key, SaltedNonce nonce) => new BclChaCha20Poly1305Key(key, nonce);

    private static string Unpacked(long version) => $"{version >> 28}.{(version >> 20) & 0xff}.{(version >> 4) & 0xff}";
}
