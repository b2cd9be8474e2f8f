namespace Latchkey.Crypto;

/// <summary>ChaCha20-Poly1305 (RFC 7634). Its key has one size, so a proposal must not carry a Key Length attribute.</summary>
internal sealed class ChaCha20Poly1305Aead : AeadAlgorithm
{
    public override ushort TransformId => 28;

    public override int? KeyLengthAttribute => null;

    public override string Name => "ChaCha20-Poly1305";

    public override int KeyLength => 32;

    public override int SaltLength => 4;

    public override int IvLength => 8;

    public override int IcvLength => 16;
}
