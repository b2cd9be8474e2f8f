using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>A protected message in clear, put together if it came in fragments.</summary>
/// <param name="First">Type of the first payload inside.</param>
/// <param name="Inner">The payloads inside, without padding.</param>
internal sealed record OpenedMessage(IkeHeader Header, PayloadType First, byte[] Inner)
{
    /// <summary>The same of a message of ours.</summary>
    public static OpenedMessage Of(IkeHeader header, IReadOnlyList<IkePayload> payloads)
    {
        var writer = new IkeWriter();
        PayloadChain.Write(writer, payloads);
        return new OpenedMessage(header, PayloadChain.FirstOf(payloads), writer.ToArray());
    }

    /// <summary>
    /// What RFC 9242 §3.3.2 authenticates: the header and that of the Encrypted payload, as if there were neither IV nor
    /// padding nor check value and no fragments, and then what is inside.
    /// </summary>
    public byte[] ToAuthenticate()
    {
        var writer = new IkeWriter();
        (Header with { NextPayload = PayloadType.Encrypted }).Write(writer);
        writer.U8((byte)First);
        writer.U8(0);
        writer.U16(checked((ushort)(PayloadChain.GenericHeader + Inner.Length)));
        writer.Octets(Inner);
        writer.PatchU32(24, writer.Length);
        return writer.ToArray();
    }
}
