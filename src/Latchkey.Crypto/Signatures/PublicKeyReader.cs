using System.Diagnostics.CodeAnalysis;

namespace Latchkey.Crypto;

internal static class PublicKeyReader
{
    public static bool TryRead(ReadOnlySpan<byte> spki, [NotNullWhen(true)] out PeerKey? key, [NotNullWhen(false)] out string? error) =>
        throw new NotSupportedException();
}
