using System.Collections.Immutable;

namespace Latchkey.Wire.Ike;

/// <summary>One transform of a proposal (RFC 7296 §3.3.2).</summary>
public sealed record Transform(TransformType Type, ushort Id, ImmutableArray<TransformAttribute> Attributes)
{
    public static Transform Of(TransformType type, ushort id, int? keyLength = null) =>
        new(type, id, keyLength is { } bits ? [TransformAttribute.OfKeyLength(bits)] : []);

    /// <summary>The Key Length attribute in bits, or null.</summary>
    public int? KeyLength
    {
        get
        {
            foreach (var attribute in Attributes)
            {
                if (attribute.IsKeyLength)
                {
                    return attribute.Value;
                }
            }

            return null;
        }
    }

    /// <summary>True when there is an attribute beside one Key Length: such a transform must not be chosen (RFC 7296 §3.3.6).</summary>
    public bool HasUnknownAttributes => Attributes.Length > 1 || (Attributes.Length == 1 && !Attributes[0].IsKeyLength);

    internal void Write(IkeWriter writer)
    {
        writer.U8((byte)Type);
        writer.U8(0);
        writer.U16(Id);
        foreach (var attribute in Attributes)
        {
            attribute.Write(writer);
        }
    }

    internal static Transform Read(ref IkeReader reader)
    {
        var type = (TransformType)reader.U8("transform type");
        reader.U8("transform");
        var id = reader.U16("transform id");
        var attributes = ImmutableArray.CreateBuilder<TransformAttribute>();
        while (reader.Remaining > 0)
        {
            if (attributes.Count == IkeLimits.Attributes)
            {
                reader.Fail("attributes", IkeLimits.Attributes, attributes.Count + 1);
                break;
            }

            attributes.Add(TransformAttribute.Read(ref reader));
        }

        return new Transform(type, id, attributes.ToImmutable());
    }
}
