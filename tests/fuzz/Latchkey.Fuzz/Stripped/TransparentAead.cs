using Latchkey.Crypto;

namespace Latchkey.Fuzz;

/// <summary>AES-GCM without the AES and the GCM: a fuzzer cannot guess a check value, and need not. The ICV is zero.</summary>
internal sealed class TransparentAead : AeadAlgorithm
{
    public override ushort TransformId => 20;

    public override int? KeyLengthAttribute => 256;

    public override string Name => "transparent";

    public override int KeyLength => 32;

    public override int SaltLength => 4;

    public override int IvLength => 8;

    public override int IcvLength => 16;

    public override AeadKey CreateKey(ReadOnlySpan<byte> keyMaterial) => new Key();

    private sealed class Key : AeadKey
    {
        public override void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> icv)
        {
            plaintext.CopyTo(ciphertext);
            icv.Clear();
        }

        public override bool TryDecrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, ReadOnlySpan<byte> icv) =>
            !icv.ContainsAnyExcept((byte)0);

        protected override void Dispose(bool disposing)
        {
        }
    }
}
