namespace Latchkey.Crypto;

internal sealed unsafe class IpsecMbAesGcmKey : IpsecMbKey
{
    // intel-ipsec-mb.h 1.3.0: struct gcm_key_data has 1,008 octets, gcm_context_data 88.
    private const int ScheduleLength = 1024;
    private const int ContextLength = 128;

    private readonly IpsecMbAesGcm _functions;

    public IpsecMbAesGcmKey(IpsecMbAesGcm functions, ReadOnlySpan<byte> key, SaltedNonce nonce)
        : base(ScheduleLength + ContextLength, nonce)
    {
        _functions = functions;
        fixed (byte* octets = key, memory = Memory)
        {
            functions.ExpandKey(octets, memory);
        }
    }

    private protected override void Encrypt(byte* memory, byte* nonce, byte* header, ulong headerLength, byte* plaintext, byte* ciphertext, ulong textLength, byte* icv) =>
        _functions.Encrypt(memory, memory + ScheduleLength, ciphertext, plaintext, textLength, nonce, header, headerLength, icv, IcvLength);

    private protected override void Decrypt(byte* memory, byte* nonce, byte* header, ulong headerLength, byte* text, ulong textLength, byte* icv) =>
        _functions.Decrypt(memory, memory + ScheduleLength, text, text, textLength, nonce, header, headerLength, icv, IcvLength);
}
