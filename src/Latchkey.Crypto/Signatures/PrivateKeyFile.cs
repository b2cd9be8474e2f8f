using System.Diagnostics.CodeAnalysis;

namespace Latchkey.Crypto;

internal static class PrivateKeyFile
{
    public static SigningKey GenerateEd25519(IRandomSource random) => throw new NotSupportedException();

    public static bool TryRead(string pem, [NotNullWhen(true)] out SigningKey? key, [NotNullWhen(false)] out string? error) =>
        throw new NotSupportedException();
}
