using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Latchkey.Wire.Ike;

/// <summary>An IKE message as it travels, without the non-ESP marker of port 4500.</summary>
public sealed record IkeMessage(IkeHeader Header, ImmutableArray<IkePayload> Payloads)
{
    /// <summary>The SK or SKF payload, or null when the message travels in clear.</summary>
    public EncryptedPayload? Encrypted => Payloads is [.., EncryptedPayload last] ? last : null;

    /// <summary>Reads a whole message of version 2; its length field must be the datagram's length. Never throws.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, [NotNullWhen(true)] out IkeMessage? message, out IkeParseError error)
    {
        message = null;
        if (!IkeHeader.TryRead(datagram, out var header))
        {
            error = new IkeParseError("IKE header", 0, IkeHeader.Size, datagram.Length);
            return false;
        }

        if (header.MajorVersion != IkeHeader.Version2 >> 4)
        {
            error = new IkeParseError("major version", 17, IkeHeader.Version2 >> 4, header.MajorVersion);
            return false;
        }

        if (header.Length != (uint)datagram.Length || datagram.Length > IkeLimits.Message)
        {
            error = new IkeParseError("message length", 24, (int)Math.Min(header.Length, IkeLimits.Message), datagram.Length);
            return false;
        }

        if (!PayloadChain.TryRead(header.NextPayload, datagram[IkeHeader.Size..], IkeHeader.Size, out var payloads, out error))
        {
            return false;
        }

        message = new IkeMessage(header, payloads);
        return true;
    }

    /// <summary>The octets to send; length and first payload type are filled in.</summary>
    public byte[] ToBytes()
    {
        var writer = new IkeWriter();
        (Header with { NextPayload = PayloadChain.FirstOf(Payloads) }).Write(writer);
        PayloadChain.Write(writer, Payloads);
        writer.PatchU32(24, writer.Length);
        return writer.ToArray();
    }
}
