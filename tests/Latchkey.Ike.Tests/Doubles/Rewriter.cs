using System.Buffers.Binary;
using System.Collections.Immutable;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>
/// Makes one side of a pair say what we never say: opens its protected messages with exported keys and seals them again
/// with other payloads. So an authenticated peer can be as odd as it likes.
/// </summary>
internal sealed class Rewriter
{
    private readonly Opener _opener;

    // Far from the sender's own counter: an IV must not repeat.
    private ulong _iv = 1UL << 40;

    public Rewriter(Pair pair)
    {
        _opener = new Opener(pair);
        pair.Wire.Tap = flight => Rewrite(flight) is { } message ? flight with { Message = message } : null;
    }

    /// <summary>Pairs need it: the keys come from the hosts' own export.</summary>
    public static IkeSettings Settings { get; } = Pair.Settings() with { ExportKeys = true };

    /// <summary>Gives the payloads to send instead; null loses the message.</summary>
    public Func<IkeHeader, ImmutableArray<IkePayload>, ImmutableArray<IkePayload>?> Change { get; set; } = (_, payloads) => payloads;

    /// <summary>Octets to put inside the encryption instead of payloads; null: the payloads.</summary>
    public Func<IkeHeader, byte[]?> Garbage { get; set; } = _ => null;

    private byte[]? Rewrite(Flight flight)
    {
        if (!_opener.TryOpen(flight.Message, out var message, out var keys, out var payloads))
        {
            return flight.Message;
        }

        var algorithm = keys.Suite.Encryption;
        using var key = Opener.Key(keys, message.Header);
        if (Change(message.Header, payloads) is not { } changed)
        {
            return null;
        }

        var inner = new IkeWriter();
        PayloadChain.Write(inner, changed);
        byte[] plain = [.. Garbage(message.Header) ?? inner.ToArray(), 0];

        var writer = new IkeWriter();
        message.Header.Write(writer);
        writer.U8((byte)PayloadChain.FirstOf(changed));
        writer.U8(0);
        writer.U16((ushort)(PayloadChain.GenericHeader + algorithm.IvLength + plain.Length + algorithm.IcvLength));
        var ivAt = writer.Length;
        writer.Zeros(algorithm.IvLength);
        writer.Octets(plain);
        writer.Zeros(algorithm.IcvLength);
        writer.PatchU32(24, writer.Length);
        var sealedMessage = writer.ToArray();
        var iv = sealedMessage.AsSpan(ivAt, algorithm.IvLength);
        BinaryPrimitives.WriteUInt64BigEndian(iv, _iv++);
        key.Encrypt(
            iv, sealedMessage.AsSpan(0, ivAt), sealedMessage.AsSpan(ivAt + iv.Length, plain.Length), sealedMessage.AsSpan(sealedMessage.Length - algorithm.IcvLength));
        return sealedMessage;
    }
}
