namespace Latchkey.Wire.Ike;

/// <summary>Nonce payload, 16 to 256 octets (RFC 7296 §3.9).</summary>
public sealed record NoncePayload(byte[] Nonce) : IkePayload
{
    public override PayloadType Type => PayloadType.Nonce;

    public override void WriteBody(IkeWriter writer) => writer.Octets(Nonce);

    internal static NoncePayload Read(ref IkeReader reader)
    {
        if (reader.Remaining is < IkeLimits.NonceMinimum)
        {
            reader.Fail("nonce", IkeLimits.NonceMinimum, reader.Remaining);
        }
        else if (reader.Remaining > IkeLimits.NonceMaximum)
        {
            reader.Fail("nonce", IkeLimits.NonceMaximum, reader.Remaining);
        }

        return new NoncePayload(reader.Rest().ToArray());
    }
}
