namespace Latchkey.Wire.Ike;

/// <summary>An attribute of a transform (RFC 7296 §3.3.5).</summary>
/// <param name="Type">Without the format bit.</param>
/// <param name="Value">The 16-bit value of the short form; 0 in the long form.</param>
/// <param name="LongValue">The octets of the long form, or null in the short form.</param>
public sealed record TransformAttribute(ushort Type, ushort Value, byte[]? LongValue)
{
    public const ushort KeyLengthType = 14;

    private const ushort ShortForm = 0x8000;

    /// <summary>Key Length is always in the short form (RFC 7296 §3.3.5).</summary>
    public bool IsKeyLength => Type == KeyLengthType && LongValue is null;

    public static TransformAttribute OfKeyLength(int bits) => new(KeyLengthType, checked((ushort)bits), null);

    internal void Write(IkeWriter writer)
    {
        if (LongValue is null)
        {
            writer.U16((ushort)(Type | ShortForm));
            writer.U16(Value);
        }
        else
        {
            writer.U16(Type);
            writer.U16(checked((ushort)LongValue.Length));
            writer.Octets(LongValue);
        }
    }

    internal static TransformAttribute Read(ref IkeReader reader)
    {
        var type = reader.U16("attribute type");
        var value = reader.U16("attribute value");
        return (type & ShortForm) != 0
            ? new TransformAttribute((ushort)(type & ~ShortForm), value, null)
            : new TransformAttribute(type, 0, reader.Take(value, "attribute value").ToArray());
    }
}
