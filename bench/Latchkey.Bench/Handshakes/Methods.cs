namespace Latchkey.Bench.Handshakes;

/// <summary>Key exchanges that are measured.</summary>
internal static class Methods
{
    public const string X25519 = "x25519";
    public const string P256 = "p256";
    public const string Hybrid = "x25519+mlkem768";

    public static IReadOnlyList<string> All { get; } = [X25519, P256, Hybrid];
}
