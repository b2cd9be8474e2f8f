using System.Collections.Immutable;

namespace Latchkey.Wire.Ike;

/// <summary>One proposal: transforms that can be combined, one of each type (RFC 7296 §3.3.1).</summary>
/// <param name="Number">From 1; the answer repeats the number of the proposal chosen.</param>
/// <param name="Spi">The sender's SPI: empty in the first exchange, 8 octets for an IKE rekey, 4 for ESP.</param>
public sealed record Proposal(byte Number, IkeProtocol Protocol, byte[] Spi, ImmutableArray<Transform> Transforms)
{
    private const byte More = 3;

    internal void Write(IkeWriter writer)
    {
        writer.U8(Number);
        writer.U8((byte)Protocol);
        writer.U8(checked((byte)Spi.Length));
        writer.U8(checked((byte)Transforms.Length));
        writer.Octets(Spi);
        writer.Substructures(Transforms, More, static (transform, writer) => transform.Write(writer));
    }

    internal static Proposal Read(ref IkeReader reader)
    {
        var number = reader.U8("proposal number");
        var protocol = (IkeProtocol)reader.U8("protocol");
        var spiSize = reader.U8("SPI size");
        var count = reader.U8("transform count");
        var spi = reader.Take(spiSize, "proposal SPI").ToArray();
        if (count > IkeLimits.Transforms)
        {
            reader.Fail("transforms", IkeLimits.Transforms, count);
        }

        var transforms = ImmutableArray.CreateBuilder<Transform>();
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            reader.U8("transform");
            reader.U8("transform");
            var length = reader.U16("transform length");
            if (length < 8)
            {
                reader.Fail("transform length", 8, length);
                break;
            }

            var part = reader.Part(length - 4, "transform");
            transforms.Add(Transform.Read(ref part));
            reader.Adopt(part.Error);
        }

        if (reader.Remaining > 0)
        {
            reader.Fail("octets behind the last transform", 0, reader.Remaining);
        }

        return new Proposal(number, protocol, spi, transforms.ToImmutable());
    }
}
