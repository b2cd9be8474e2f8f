namespace Latchkey.Wire.Ike;

/// <summary>Vendor ID payload (RFC 7296 §3.12).</summary>
public sealed record VendorIdPayload(byte[] Id) : IkePayload
{
    public override PayloadType Type => PayloadType.VendorId;

    public override void WriteBody(IkeWriter writer) => writer.Octets(Id);
}
