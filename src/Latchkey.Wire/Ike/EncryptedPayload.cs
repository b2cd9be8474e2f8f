namespace Latchkey.Wire.Ike;

/// <summary>
/// Encrypted payload SK (RFC 7296 §3.14), or a fragment of one, SKF (RFC 7383 §2.5): always the last; the rest of the message
/// is inside.
/// </summary>
/// <param name="FirstInner">Type of the first payload inside; of a fragment only the first one says it.</param>
/// <param name="Body">IV, ciphertext and integrity check value.</param>
/// <param name="Offset">Where <paramref name="Body"/> begins in the message; what lies before it is authenticated (RFC 5282 §5.1).</param>
/// <param name="Fragment">Which fragment it is; null: it is the whole.</param>
public sealed record EncryptedPayload(PayloadType FirstInner, byte[] Body, int Offset, FragmentNumber? Fragment = null) : IkePayload
{
    public override PayloadType Type => Fragment is null ? PayloadType.Encrypted : PayloadType.EncryptedFragment;

    public override void WriteBody(IkeWriter writer)
    {
        if (Fragment is { } fragment)
        {
            writer.U16(fragment.Number);
            writer.U16(fragment.Total);
        }

        writer.Octets(Body);
    }

    internal static EncryptedPayload Read(ref IkeReader reader, PayloadType firstInner)
    {
        var offset = reader.Offset;
        return new EncryptedPayload(firstInner, reader.Rest().ToArray(), offset);
    }

    internal static EncryptedPayload ReadFragment(ref IkeReader reader, PayloadType firstInner)
    {
        var fragment = new FragmentNumber(reader.U16("fragment number"), reader.U16("total fragments"));
        if (fragment.Number == 0 || fragment.Number > fragment.Total)
        {
            reader.Fail("fragment number", fragment.Total, fragment.Number);
        }

        var offset = reader.Offset;
        return new EncryptedPayload(firstInner, reader.Rest().ToArray(), offset, fragment);
    }
}

/// <param name="Number">Counts from 1.</param>
public readonly record struct FragmentNumber(ushort Number, ushort Total)
{
    /// <summary>Octets of the two numbers in an SKF payload.</summary>
    public const int Size = 4;
}
