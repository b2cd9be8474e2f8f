using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>Opens protected messages of a pair with the keys that its hosts export, now or later.</summary>
internal sealed class Opener(Pair pair)
{
    public bool TryOpen(byte[] octets, [NotNullWhen(true)] out IkeMessage? message, out IkeKeyExport keys, out ImmutableArray<IkePayload> inside)
    {
        (keys, inside) = (null!, []);
        if (!IkeMessage.TryRead(octets, out message, out _) || message.Encrypted is not { } encrypted || Keys(message.Header) is not { } found)
        {
            return false;
        }

        keys = found;
        var algorithm = keys.Suite.Encryption;
        using var key = Key(keys, message.Header);
        byte[] text = encrypted.Body[algorithm.IvLength..^algorithm.IcvLength];
        Assert.True(key.TryDecrypt(
            encrypted.Body.AsSpan(0, algorithm.IvLength), octets.AsSpan(0, encrypted.Offset), text, encrypted.Body.AsSpan(encrypted.Body.Length - algorithm.IcvLength)));
        Assert.True(PayloadChain.TryRead(encrypted.FirstInner, text.AsSpan(0, text.Length - 1 - text[^1]), 0, out inside, out _));
        return true;
    }

    public static AeadKey Key(IkeKeyExport keys, IkeHeader header) => keys.Suite.Encryption.CreateKey(header.IsFromInitiator ? keys.SkEi : keys.SkEr);

    private IkeKeyExport? Keys(IkeHeader header) =>
        pair.A.Said<KeysExported>().Concat(pair.B.Said<KeysExported>()).Select(k => k.IkeKeys).FirstOrDefault(k => k?.SpiI == header.SpiI && k.SpiR == header.SpiR);
}
