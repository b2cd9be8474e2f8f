namespace Latchkey.Wire.Ike;

/// <summary>Authentication payload (RFC 7296 §3.8).</summary>
public sealed record AuthPayload(AuthMethod Method, byte[] Data) : IkePayload
{
    public override PayloadType Type => PayloadType.Authentication;

    public override void WriteBody(IkeWriter writer)
    {
        writer.U8((byte)Method);
        writer.Zeros(3);
        writer.Octets(Data);
    }

    internal static AuthPayload Read(ref IkeReader reader)
    {
        var method = (AuthMethod)reader.U8("AUTH method");
        reader.Take(3, "AUTH payload");
        return new AuthPayload(method, reader.Rest().ToArray());
    }
}
