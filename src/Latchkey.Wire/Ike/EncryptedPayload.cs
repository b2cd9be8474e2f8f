namespace Latchkey.Wire.Ike;

/// <summary>Encrypted payload SK: always the last; the rest of the message is inside (RFC 7296 §3.14).</summary>
/// <param name="FirstInner">Type of the first payload inside.</param>
/// <param name="Body">IV, ciphertext and integrity check value.</param>
/// <param name="Offset">Where <paramref name="Body"/> begins in the message; what lies before it is authenticated (RFC 5282 §5.1).</param>
public sealed record EncryptedPayload(PayloadType FirstInner, byte[] Body, int Offset) : IkePayload
{
    public override PayloadType Type => PayloadType.Encrypted;

    public override void WriteBody(IkeWriter writer) => writer.Octets(Body);

    internal static EncryptedPayload Read(ref IkeReader reader, PayloadType firstInner)
    {
        var offset = reader.Offset;
        return new EncryptedPayload(firstInner, reader.Rest().ToArray(), offset);
    }
}
