namespace Latchkey.Wire.Ike;

/// <summary>Key Exchange payload: a public value (RFC 7296 §3.4).</summary>
/// <param name="Method">Transform id of type 4.</param>
public sealed record KeyExchangePayload(ushort Method, byte[] PublicValue) : IkePayload
{
    public override PayloadType Type => PayloadType.KeyExchange;

    public override void WriteBody(IkeWriter writer)
    {
        writer.U16(Method);
        writer.U16(0);
        writer.Octets(PublicValue);
    }

    internal static KeyExchangePayload Read(ref IkeReader reader)
    {
        var method = reader.U16("KE method");
        reader.U16("KE payload");
        return new KeyExchangePayload(method, reader.Rest().ToArray());
    }
}
