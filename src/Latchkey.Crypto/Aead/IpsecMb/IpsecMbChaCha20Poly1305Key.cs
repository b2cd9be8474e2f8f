namespace Latchkey.Crypto;

internal sealed unsafe class IpsecMbChaCha20Poly1305Key : IpsecMbKey
{
    // intel-ipsec-mb.h 1.3.0: struct chacha20_poly1305_context_data has 192 octets. The key is used as it is.
    private const int KeyRoom = 64;
    private const int ContextLength = 256;

    private readonly IpsecMbChaCha20Poly1305 _functions;

    public IpsecMbChaCha20Poly1305Key(IpsecMbChaCha20Poly1305 functions, ReadOnlySpan<byte> key, SaltedNonce nonce)
        : base(KeyRoom + ContextLength, nonce)
    {
        _functions = functions;
        key.CopyTo(Memory);
    }

    private protected override void Encrypt(byte* memory, byte* nonce, byte* header, ulong headerLength, byte* plaintext, byte* ciphertext, ulong textLength, byte* icv)
    {
        _functions.Begin(memory, memory + KeyRoom, nonce, header, headerLength);
        _functions.Encrypt(memory, memory + KeyRoom, ciphertext, plaintext, textLength);
        _functions.Finish(memory + KeyRoom, icv, IcvLength);
    }

    private protected override void Decrypt(byte* memory, byte* nonce, byte* header, ulong headerLength, byte* text, ulong textLength, byte* icv)
    {
        _functions.Begin(memory, memory + KeyRoom, nonce, header, headerLength);
        _functions.Decrypt(memory, memory + KeyRoom, text, text, textLength);
        _functions.Finish(memory + KeyRoom, icv, IcvLength);
    }
}
